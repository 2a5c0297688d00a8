/**
 * A mixture of experts: each token goes through the few MLPs that the router chooses for it.
 * Role: routing on the CPU (a few numbers a token), experts on the GPU, one after the other, each with its own tokens only.
 * An expert that no token goes to is not read from the file.
 */
import type { GpuContext, Span } from '../gpu/context';
import { gatherRows, scatterRows } from '../gpu/operations/experts';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import type { GpuWeights } from './gpuWeights';
import { leaseExpert, type LeasedWeights } from './layerWeights';
import { leaseAhead } from './leaseAhead';
import { runMlp } from './mlp';
import type { ModelSpec } from './spec';
import type { WeightSource } from './weightSource';

export interface ExpertCall {
  layer: number;
  S: number;
  /** [S, pad4(D)] what the MLP reads. */
  rows: Span;
  /** [S, pad4(D)] the residual stream, which the experts add to. */
  output: Span;
}

/** The tokens of one expert and the weight of each in its token's sum. */
interface Share {
  tokens: number[];
  weights: number[];
}

/** output += Σ over a token's experts of weight · expert(rows). */
export async function runExperts(
  context: GpuContext,
  store: GpuWeights,
  source: WeightSource,
  leased: LeasedWeights,
  { layer, S, rows, output }: ExpertCall,
  signal: AbortSignal,
): Promise<void> {
  const { spec } = source;
  const shares = await route(context, spec, leased, rows, S);
  const used = shares.flatMap((share, expert) => (share.tokens.length > 0 ? [{ ...share, expert }] : []));
  const experts = leaseAhead(used, ({ expert }) => leaseExpert(store, source, layer, expert, signal));
  for await (const [{ tokens, weights }, own] of experts) {
    signal.throwIfAborted();
    const places = context.upload(Uint32Array.from(tokens), 'tokens of an expert');
    const factors = context.upload(Float32Array.from(weights), 'weights of an expert');
    const count = tokens.length;
    const batch = context.batch();
    const input = batch.temporary(count * pad4(spec.D), 'input of an expert');
    const result = batch.temporary(count * pad4(spec.D), 'output of an expert');
    const gate = batch.temporary(count * pad4(spec.F), 'gate of an expert');
    const up = batch.temporary(count * pad4(spec.F), 'inner of an expert');
    gatherRows(batch, rows, places, input, { count, stride: pad4(spec.D) });
    runMlp(context, batch, spec, own, input, { gate, up }, count);
    linear(context, batch, up, own.matrix('down.weight'), result, count, { bias: own.optionalVector('down.bias') });
    scatterRows(batch, result, places, factors, output, { count, stride: pad4(spec.D) });
    batch.submit();
    places.buffer.destroy();
    factors.buffer.destroy();
    // Weights of one expert in flight, and of the next on the way.
    await context.settled();
  }
}

/** Which tokens go to each expert: the `chosen` largest router logits of a token, weighed by their softmax. */
async function route(
  context: GpuContext,
  { mlp }: ModelSpec,
  leased: LeasedWeights,
  rows: Span,
  S: number,
): Promise<Share[]> {
  const { count = 0, chosen = 0 } = mlp.experts ?? {};
  const stride = pad4(count);
  const span = context.storage(S * stride, 'router logits');
  const batch = context.batch();
  linear(context, batch, rows, leased.matrix('router.weight'), span, S, { bias: leased.optionalVector('router.bias') });
  batch.submit();
  const logits = await context.readFloat32(span);
  span.buffer.destroy();
  const shares = Array.from({ length: count }, (): Share => ({ tokens: [], weights: [] }));
  for (let token = 0; token < S; token++) {
    for (const { expert, weight } of chooseExperts(logits.subarray(token * stride, token * stride + count), chosen)) {
      shares[expert]?.tokens.push(token);
      shares[expert]?.weights.push(weight);
    }
  }
  return shares;
}

/** The `chosen` experts with the largest logits (the first among equals) and the softmax of theirs. */
export function chooseExperts(logits: ArrayLike<number>, chosen: number): { expert: number; weight: number }[] {
  const at = (expert: number): number => logits[expert] ?? -Infinity;
  const order = Array.from({ length: logits.length }, (_, expert) => expert).sort((a, b) => at(b) - at(a) || a - b);
  const best = order.slice(0, chosen);
  const largest = at(best[0] ?? 0);
  const total = best.reduce((sum, expert) => sum + Math.exp(at(expert) - largest), 0);
  return best.map((expert) => ({ expert, weight: Math.exp(at(expert) - largest) / total }));
}
