/** What a figure of the comparison is of, for its files. Pure. */
import type { FigureOrigin } from '../shared/figure';
import { layerTitle } from '../shared/labels';
import { conversionWords, dtypeWords, shapeWords } from '../shared/origin';
import type { DiffView } from './view';

/** Figures of the layer that is chosen; the others are of all layers, or of what comes out. */
const ofLayer = new Set(['large-maps', 'heads']);

export function originOf({ snapshot, ui }: DiffView, figure: string): FigureOrigin {
  const { model, state, registries, compare } = snapshot;
  return {
    model: model.name,
    shape: shapeWords(model),
    text: compare === null ? null : state.text,
    layer: ofLayer.has(figure) ? layerTitle(model, ui.layer) : null,
    conversion: conversionWords(state.conversion, model, registries),
    adapter: compare?.a.adapter ?? null,
    dtype: dtypeWords(model, compare?.a ?? null),
  };
}
