/** What the figures of a checkpoint are of, in words. Pure. */
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { Registries } from '../../src/protocol/methods';
import type { ModelSummary } from '../../src/protocol/model';
import type { RunSummary } from '../../src/protocol/runs';
import { attentionName } from '../../src/protocol/sides';

/** "Llama, 6 layers, MHA of 8 heads". */
export function shapeWords({ familyTitle, L, H, G }: Pick<ModelSummary, 'familyTitle' | 'L' | 'H' | 'G'>): string {
  return `${familyTitle}, ${L} layers, ${attentionName(G, H)} of ${H} heads`;
}

/** "GQA-2, contiguous, PCA"; null where nothing is converted. */
export function conversionWords(
  { G, grouping, merge, calibration }: ConversionRequest,
  model: Pick<ModelSummary, 'G' | 'H'>,
  registries: Pick<Registries, 'groupings' | 'merges'>,
): string | null {
  if (G === model.G) return null;
  const titleOf = (entries: readonly { id: string; title: string }[], id: string): string =>
    (entries.find((entry) => entry.id === id)?.title ?? id).toLowerCase();
  const words = [attentionName(G, model.H), titleOf(registries.groupings, grouping), titleOf(registries.merges, merge)];
  const text = calibration?.file ?? null;
  return [...words, ...(text === null ? [] : [`solved on ${text.split(/[\\/]/).at(-1) ?? text}`])].join(', ');
}

/** "BF16 weights, f32 arithmetic". */
export function dtypeWords(
  { dtype }: Pick<ModelSummary, 'dtype'>,
  run: Pick<RunSummary, 'computeType'> | null,
): string {
  return run === null ? `${dtype} weights` : `${dtype} weights, ${run.computeType} arithmetic`;
}
