/** Attention scores against target scores: what a fit of queries and keys is off by. */
import code from '../kernels/scoreErrors.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';
import { pad4 } from './matrix';
import type { MapWindows } from './mapProducts';

const kernel = { name: 'scoreErrors', code };

/** Queries [N, H, K] and the keys [N, G, K] that they are compared with, turned by position. */
export interface QueriesAndKeys {
  queries: Span;
  keys: Span;
  /** KV heads in `keys`. */
  G: number;
}

export interface ScoreErrorShape extends MapWindows {
  /** Without padding. */
  K: number;
  /** Factor on the dot product. */
  scale: number;
  /** Share of the softmax in the weights of keys; the rest is uniform. */
  share: number;
}

/**
 * errors = w ∘ (d - Σ w·d) with d the scores, less the target's where there is one, for the windows of one piece of maps.
 * @param readers u32 [2, H]: the KV head in `scores` of each query head, and that in the target
 * @param map [windows, H, S, T] the target's softmax
 * @param errors [windows, H, S, T]
 */
export function scoreErrors(
  batch: Batch,
  scores: QueriesAndKeys,
  target: QueriesAndKeys | null,
  readers: Span,
  map: Span,
  errors: Span,
  { S, T, H, causal, firstWindow, windows, K, scale, share }: ScoreErrorShape,
): void {
  const { queries, keys, G } = target ?? scores;
  batch.dispatch({
    kernel,
    constants: { MINUS_TARGET: target ? 1 : 0 },
    params: [S, T, H, scores.G, G, causal ? 1 : 0, pad4(K) / 4, firstWindow, float32(scale), float32(share)],
    buffers: [scores.queries, scores.keys, queries, keys, readers, map, errors],
    workgroups: [Math.ceil(S / 4 / 32), H, windows],
  });
}
