/** What a model, or a conversion of it, takes: parameters and bytes of KV cache. Role: arithmetic on specs; no weights. */
import { kvHeadsOf } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import type { WeightSource } from '../model/weightSource';
import type { OpenedModel } from './models';

export interface ModelSizes {
  parameters: number;
  kvCacheBytesPerToken: number;
  crossCacheBytesPerToken: number;
}

/** Sizes of a model under a conversion's weight source (or its own). */
export function modelSizes(model: OpenedModel, { spec }: WeightSource): ModelSizes {
  return {
    parameters: model.summary.parameters - savedParameters(model, spec),
    ...model.cacheBytes(spec.G),
  };
}

/** Parameters that a conversion with fewer KV heads no longer has: K and V rows of D (and one bias each). */
function savedParameters(model: OpenedModel, converted: ModelSpec): number {
  const { spec, source } = model.runnable;
  let saved = 0;
  for (let layer = 0; layer < spec.L; layer++) {
    for (const role of ['k', 'v'] as const) {
      const width = spec.D + (source.has(`${role}.bias`, layer) ? 1 : 0);
      saved += (kvHeadsOf(spec, layer) - kvHeadsOf(converted, layer)) * spec.K * width;
    }
  }
  return saved;
}
