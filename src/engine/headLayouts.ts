/**
 * Which query heads share which KV head, once for all layers that are alike.
 * Role: from a spec, or from what the config tells of a model of no known family, to HeadLayout. It draws nothing.
 */
import { groupOfHead } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import type { ModelSummary } from '../protocol/model';
import type { HeadLayout } from '../protocol/structure';

/** Every kind of layer, in the order in which the kinds appear. Empty where the number of heads is not known. */
export function headLayouts(spec: ModelSpec | null, summary: Pick<ModelSummary, 'L' | 'H' | 'G'>): HeadLayout[] {
  return spec ? ofSpec(spec) : ofConfig(summary);
}

function ofSpec(spec: ModelSpec): HeadLayout[] {
  const kinds = new Map<string, HeadLayout>();
  spec.layers.forEach(({ attention, stack, window = null }, layer) => {
    const groups = [...groupOfHead(spec, layer)];
    const key = JSON.stringify([attention, stack, window, groups]);
    const kind = kinds.get(key) ?? { layers: [], attention, stack, window, groupOfHead: groups };
    kind.layers.push(layer);
    kinds.set(key, kind);
  });
  return [...kinds.values()];
}

/** Nothing is known to differ between layers, and query head h reads KV head floor(h / R), as in every file format. */
function ofConfig({ L, H, G }: Pick<ModelSummary, 'L' | 'H' | 'G'>): HeadLayout[] {
  if (H === 0 || G === 0 || H % G !== 0) return [];
  const R = H / G;
  return [
    {
      layers: Array.from({ length: L }, (_, layer) => layer),
      ...({ attention: 'causal', stack: 'decoder', window: null } as const),
      groupOfHead: Array.from({ length: H }, (_, head) => Math.floor(head / R)),
    },
  ];
}
