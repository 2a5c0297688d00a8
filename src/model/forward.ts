/**
 * The forward pass of one stack of layers, as a list of GPU steps that a ModelSpec decides.
 * Role: tokens in, residual streams and key/value caches out. One layer is runLayer.ts; what is kept and looked at afterwards is
 * keptRun.ts, logits and losses are logits.ts and rowNumbers.ts. K and V stay at G heads everywhere
 * (src/gpu/kernels/attention.wgsl).
 */
import type { GpuContext, Span } from '../gpu/context';
import { pad4 } from '../gpu/operations/matrix';
import type { TaskContext } from '../protocol/tasks';
import { DistanceBiases } from './distanceBiases';
import { embedOnGpu } from './embedOnGpu';
import { runExperts } from './experts';
import type { GpuWeights } from './gpuWeights';
import { LayerGroups } from './layerGroups';
import { leaseLayer } from './layerWeights';
import { leaseAhead } from './leaseAhead';
import type { LayerCache } from './project';
import { RotaryTables } from './rotaryTables';
import { runLayer, Scratch, type Memory } from './runLayer';
import type { LayerSpec, ModelSpec } from './spec';
import { kvHeadsOf } from './specFacts';
import type { WeightSource } from './weightSource';

export interface ForwardOptions {
  /** Which layers run. Absent: the decoder's. */
  stack?: LayerSpec['stack'];
  /** Positions already in the caches. */
  past: number;
  /** What cross-attention reads. Absent: there is none. */
  memory?: Memory;
  caches: readonly LayerCache[];
  /** Receives each layer's input [S, pad4(D)]; the receiver owns the buffer. Absent: inputs are not kept. */
  keepInput?: (layer: number, input: Span) => void;
  /** Receives the residual stream [S, pad4(D)] after each layer's attention, before its MLP; the receiver owns the buffer. */
  keepAttended?: (layer: number, stream: Span) => void;
}

/** Caches for every layer. @param capacityOf positions that a layer's keys and values need room for */
export function newCaches(
  context: GpuContext,
  spec: ModelSpec,
  capacityOf: (layer: LayerSpec) => number,
): LayerCache[] {
  return spec.layers.map((own, layer) => {
    const count = capacityOf(own) * kvHeadsOf(spec, layer) * pad4(spec.K);
    return { keys: context.storage(count, `keys ${layer}`), values: context.storage(count, `values ${layer}`) };
  });
}

/**
 * Runs token ids through all layers of a stack.
 * @returns the residual stream after the last layer, [S, pad4(D)], before the final norm; the caller destroys it
 * @throws GqaLensError when a weight cannot be read or the GPU fails; AbortError when cancelled
 */
export async function forward(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  { stack = 'decoder', past, memory, caches, keepInput, keepAttended }: ForwardOptions,
  task: TaskContext,
): Promise<Span> {
  const { spec } = source;
  const S = ids.length;
  const stacked = spec.layers.flatMap((own, layer) => (own.stack === stack ? [layer] : []));
  let input = await embedOnGpu(context, weights, source, ids, past, task.signal);
  const scratch = new Scratch(context, spec, S);
  const groups = new LayerGroups(context, spec);
  const tables = new RotaryTables(context, spec, past, S);
  const biases = new DistanceBiases(context, source, past, S, task.signal);
  let output: Span | null = null;
  try {
    // One layer is read ahead while the GPU works.
    const layers = leaseAhead(stacked, (layer) => leaseLayer(weights, source, layer, task.signal));
    for await (const [layer, leased] of layers) {
      task.signal.throwIfAborted();
      task.report(`Layer ${layer + 1} of ${spec.L}`, layer / spec.L);
      output = context.storage(S * pad4(spec.D), `input of layer ${layer + 1}`);
      const batch = context.batch();
      const cache = caches[layer];
      if (!cache) throw new Error(`no cache for layer ${layer}`);
      const middle = keepAttended ? context.storage(S * pad4(spec.D), `stream after attention ${layer}`) : null;
      if (middle) keepAttended?.(layer, middle);
      const positions = { table: tables.of(layer), distances: await biases.of(layer) };
      const rows = { input, middle, output };
      const call = { layer, S, past, memory, ...rows, cache, groups: groups.layer(layer), ...positions, scratch };
      const routed = runLayer(context, batch, spec, leased, call);
      batch.submit();
      if (routed) await runExperts(context, weights, source, leased, { layer, S, rows: routed, output }, task.signal);
      if (keepInput) keepInput(layer, input);
      else input.buffer.destroy();
      [input, output] = [output, null];
      // One layer in flight bounds memory and lets cancellation act.
      await context.settled();
    }
    return input;
  } catch (error) {
    input.buffer.destroy();
    output?.buffer.destroy();
    throw error;
  } finally {
    tables.destroy();
    biases.destroy();
    scratch.destroy();
    groups.destroy();
  }
}
