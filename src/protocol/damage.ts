/** What a conversion does to the output of each query head. Plain data. H query heads. */
import type { ConversionRequest } from './conversion';

/** Asks what a conversion does to the output of each query head of a layer, on the layer inputs of the original. */
export interface HeadDamageRequest {
  modelId: string;
  /** Run of the checkpoint as it is. */
  runId: string;
  layer: number;
  conversion: ConversionRequest;
}

/**
 * Damage of each query head's contribution O_h·z_h to the residual stream: L2 of its change over the text's positions,
 * relative to that of the contribution. Comparing contributions, and not z_h, holds for merges that change W_Q and W_O too.
 */
export interface HeadDamage {
  layer: number;
  /** [H] ‖O_h z_h − Õ_h z̃_h‖ / ‖O_h z_h‖, with the attention of each on the same inputs. */
  observed: Float32Array;
  /** [H] what the changed values do under the attention as it was. */
  byValues: Float32Array;
  /** [H] at most what the changed keys can add (gqa/damage.ts): observed ≤ byValues + byKeys, which is what is predicted. */
  byKeys: Float32Array;
}
