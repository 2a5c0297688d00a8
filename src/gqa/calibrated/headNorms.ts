/**
 * Norms between the projections of queries and keys and their dot product (qk-norm), on the GPU.
 * Role: reads and applies them. They forbid turning keys (solve/gauge.ts); what is solved around them is solveLayer.ts.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { normaliseHeads, type NormWeights } from '../../gpu/operations/norm';
import { padMatrix } from '../../model/gpuWeights';
import type { QueryKeyNorm } from '../../model/spec';
import type { Weight } from '../../model/weightSource';
import type { SourceLayer } from '../merge';
import { poolKeyNorms } from '../merges/pool';

/** One for queries and one for keys, of as many heads as these have. */
export interface HeadNorms extends Pick<QueryKeyNorm, 'over' | 'shared'> {
  K: number;
  q: NormWeights;
  k: NormWeights;
}

/**
 * The norms of a layer; null where it has none.
 * @param pooled the keys' as merged heads have them, else as the source does
 * @param own takes the spans over
 */
export async function readHeadNorms(
  context: GpuContext,
  source: SourceLayer,
  pooled: boolean,
  own: (span: Span) => Span,
  signal: AbortSignal,
): Promise<HeadNorms | null> {
  const { queryKeyNorm, K } = source.spec;
  if (!queryKeyNorm) return null;
  const { kind, epsilon, over, shared } = queryKeyNorm;
  const merged = pooled ? poolKeyNorms(source) : {};
  const norm = async (side: 'q' | 'k'): Promise<NormWeights> => {
    const vector = async (part: 'weight' | 'bias'): Promise<Span | undefined> => {
      const role = `${side}.norm.${part}` as const;
      if (!source.has(role)) return undefined;
      return own(upload(context, await (merged[role]?.(signal) ?? source.read(role, signal)), K));
    };
    const weight = await vector('weight');
    if (!weight) throw new Error(`the layer has no ${side}.norm.weight`);
    return { kind, epsilon, weight, bias: await vector('bias') };
  };
  return { K, over, shared, q: await norm('q'), k: await norm('k') };
}

/** to[N, heads, pad4(K)] = norm(from[N, heads, pad4(K)]). */
export function applyHeadNorm(
  context: GpuContext,
  batch: Batch,
  { K, over, shared, ...norms }: HeadNorms,
  side: 'q' | 'k',
  from: Span,
  to: Span,
  { N, heads }: { N: number; heads: number },
): void {
  normaliseHeads(context, batch, from, norms[side], to, { S: N, heads, K, over, shared });
}

/** [heads·K] as [heads, pad4(K)]. */
function upload(context: GpuContext, { data }: Weight, K: number): Span {
  const heads = data.length / K;
  return context.upload(padMatrix(data, { blocks: 1, size: 1 }, { blocks: heads, size: K }), 'norm of heads');
}
