/** What the figures of the structure page are in numbers, and what they are of. Pure; drawing is each figure's own. */
import type { CheckpointStructure, TensorStatistics } from '../../src/protocol/structure';
import type { FigureNumbers, FigureOrigin } from '../shared/figure';
import { dtypeWords, shapeWords } from '../shared/origin';
import { elementCount, type ListChoices, type TensorList } from './tensorList';
import { factsOf, layoutTitle } from './words';

/** The file that is shown, and what is shown of it. */
export interface StructureView {
  name: string;
  structure: CheckpointStructure | null;
  list: TensorList | null;
  choices: ListChoices;
  statistics: TensorStatistics | null;
}

export function originOf({ name, structure }: StructureView): FigureOrigin {
  const summary = structure?.summary ?? null;
  return {
    model: name,
    shape: summary !== null && summary.H > 0 && summary.G > 0 ? shapeWords(summary) : (summary?.familyTitle ?? ''),
    ...{ text: null, layer: null, conversion: null, adapter: null },
    dtype: summary === null ? null : dtypeWords(summary, null),
  };
}

export function factNumbers({ structure, list }: StructureView): FigureNumbers | null {
  if (structure === null || list === null) return null;
  return {
    title: 'Architecture',
    columns: ['property', 'value', 'detail'],
    rows: factsOf(structure.summary, list).map(({ label, value, detail }) => [label, value, detail ?? null]),
  };
}

export function headNumbers({ structure }: StructureView): FigureNumbers | null {
  if (structure === null || structure.layouts.length === 0) return null;
  return {
    title: 'Query heads and the KV heads that they read',
    columns: ['layers', 'query head', 'KV head'],
    rows: structure.layouts.flatMap((layout) =>
      layout.groupOfHead.map((group, head) => [layoutTitle(layout, structure.summary), head, group]),
    ),
  };
}

/** The tensors that are listed, also those of folded layers. */
export function tensorNumbers({ list, choices }: StructureView): FigureNumbers | null {
  if (list === null) return null;
  return {
    title: 'Tensors',
    columns: ['name', 'type', 'shape', 'elements', 'bytes', 'role', 'file'],
    rows: Array.from(list.rows({ ...choices, grouped: false }).rows, (tensor) => {
      const { dtype, shape, bytes, role, file } = list.kind(tensor);
      return [list.names[tensor] ?? '', dtype, shape.join('x'), elementCount(shape), bytes, role, file];
    }),
  };
}

/** The histogram of the chosen tensor. */
export function histogramNumbers({ statistics }: StructureView): FigureNumbers | null {
  if (statistics === null) return null;
  const { name, minimum, maximum, histogram } = statistics;
  if (minimum === null || maximum === null || histogram.length === 0) return null;
  const edge = (bin: number): number => minimum + ((maximum - minimum) * bin) / histogram.length;
  return {
    title: `Elements of ${name}`,
    columns: ['from', 'to', 'elements'],
    rows: histogram.map((count, bin) => [edge(bin), edge(bin + 1), count]),
  };
}
