/**
 * The forward pass of one stack of layers, as a list of GPU steps that a ModelSpec decides.
 * Role: tokens in, residual streams and key/value caches out. What is kept and looked at afterwards is keptRun.ts;
 * logits and losses are logits.ts. K and V stay at G heads everywhere (src/gpu/kernels/attention.wgsl).
 */
import type { GpuContext, Span } from '../gpu/context';
import { attend, type DistanceBias } from '../gpu/operations/attention';
import type { HeadGroups } from '../gpu/operations/headGroups';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { activate } from '../gpu/operations/mlp';
import { normalise } from '../gpu/operations/norm';
import type { RotaryTable } from '../gpu/operations/rotary';
import type { Batch } from '../gpu/batch';
import type { TaskContext } from '../protocol/tasks';
import { DistanceBiases } from './distanceBiases';
import { embed } from './embed';
import type { GpuWeights } from './gpuWeights';
import { LayerGroups } from './layerGroups';
import { leaseLayer, type LeasedWeights } from './layerWeights';
import { projectKeysAndValues, projectQueries, type LayerCache } from './project';
import { RotaryTables } from './rotaryTables';
import { kvHeadsOf, layerOf, type LayerSpec, type ModelSpec, type WeightSource } from './spec';

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

/** The output of an encoder. */
export interface Memory {
  /** Its tokens. */
  T: number;
  /** [T, pad4(D)]; null once its keys and values are in the caches. */
  rows: Span | null;
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
  const scratch = new Scratch(context, spec, S);
  const groups = new LayerGroups(context, spec);
  const tables = new RotaryTables(context, spec, past, S);
  const biases = new DistanceBiases(context, source, past, S, task.signal);
  const stacked = spec.layers.flatMap((own, layer) => (own.stack === stack ? [layer] : []));
  let input = context.upload(await embed(source, ids, past, task.signal), 'embeddings');
  try {
    let next = leaseLayer(weights, source, stacked[0] ?? 0, task.signal);
    for (const [place, layer] of stacked.entries()) {
      task.signal.throwIfAborted();
      task.report(`Layer ${layer + 1} of ${spec.L}`, layer / spec.L);
      const leased = await next;
      // Read one layer ahead while the GPU works. Errors surface when it is awaited, so none goes unhandled here.
      const following = stacked[place + 1];
      if (following !== undefined) {
        next = leaseLayer(weights, source, following, task.signal);
        next.catch(() => undefined);
      }
      const output = context.storage(S * pad4(spec.D), `input of layer ${layer + 1}`);
      const batch = context.batch();
      const cache = caches[layer];
      if (!cache) throw new Error(`no cache for layer ${layer}`);
      const middle = keepAttended ? context.storage(S * pad4(spec.D), `stream after attention ${layer}`) : null;
      if (middle) keepAttended?.(layer, middle);
      const positions = { table: tables.of(layer), distances: await biases.of(layer) };
      const rows = { input, middle, output };
      const call = { layer, S, past, memory, ...rows, cache, groups: groups.layer(layer), ...positions, scratch };
      runLayer(context, batch, spec, leased, call);
      batch.submit();
      leased.release();
      if (keepInput) keepInput(layer, input);
      else input.buffer.destroy();
      input = output;
      // One layer in flight bounds memory and lets cancellation act.
      await context.settled();
    }
    return input;
  } catch (error) {
    input.buffer.destroy();
    throw error;
  } finally {
    tables.destroy();
    biases.destroy();
    scratch.destroy();
    groups.destroy();
  }
}

/** Buffers that every layer uses in turn. */
class Scratch {
  readonly normed: Span;
  readonly queries: Span;
  readonly attended: Span;
  readonly gate: Span;
  readonly up: Span;

  constructor(context: GpuContext, { D, H, K, F, mlp }: ModelSpec, S: number) {
    this.normed = context.storage(S * pad4(D), 'normed');
    this.queries = context.storage(S * H * pad4(K), 'queries');
    this.attended = context.storage(S * H * pad4(K), 'attended');
    this.gate = context.storage(mlp.kind === 'gated' ? S * pad4(F) : 4, 'gate');
    this.up = context.storage(S * pad4(F), 'up');
  }

  destroy(): void {
    for (const { buffer } of [this.normed, this.queries, this.attended, this.gate, this.up]) buffer.destroy();
  }
}

interface LayerCall {
  layer: number;
  S: number;
  past: number;
  memory: Memory | undefined;
  input: Span;
  output: Span;
  /** Gets a copy of the stream after attention. */
  middle: Span | null;
  cache: LayerCache;
  groups: HeadGroups;
  table: RotaryTable | null;
  distances: DistanceBias | null;
  scratch: Scratch;
}

/**
 * output = input + attention(norm(input)); output += mlp(norm(output)), or mlp(norm(input)) where they are parallel.
 * Appends keys and values to the cache; cross-attention's are those of the encoder's output.
 */
function runLayer(
  context: GpuContext,
  batch: Batch,
  spec: ModelSpec,
  weights: LeasedWeights,
  { layer, S, past, memory, input, output, middle, cache, groups, table, distances, scratch }: LayerCall,
): void {
  const { D, K, F } = spec;
  const { attention, scale, mlp } = layerOf(spec, layer);
  const cross = attention === 'cross';
  const { normed, queries, attended, gate, up } = scratch;
  const bias = (role: 'o' | 'gate' | 'up' | 'down'): { bias: Span | undefined } => ({
    bias: weights.optionalVector(`${role}.bias`),
  });

  batch.copy(input, output);
  normalise(context, batch, input, weights.norm('attention'), normed, S, D);
  projectQueries(context, batch, spec, weights, { rows: normed, S, table }, queries);
  const read = cross ? memory?.rows : normed;
  if (read) {
    const [count, row0] = cross ? [memory?.T ?? 0, 0] : [S, past];
    projectKeysAndValues(context, batch, spec, weights, { layer, rows: read, count, row0, table }, cache);
  }
  attend(context, batch, queries, cache.keys, cache.values, attended, groups, {
    ...{ S, T: cross ? (memory?.T ?? 0) : past + S, past, K, scale },
    causal: attention === 'causal',
    bias: distances,
  });
  linear(context, batch, attended, weights.matrix('o.weight'), output, S, { ...bias('o'), accumulate: true });
  if (middle) batch.copy(output, middle);

  if (!mlp) return;
  const parallel = spec.residual === 'parallel';
  if (!parallel || weights.has('mlp.norm.weight')) {
    normalise(context, batch, parallel ? input : output, weights.norm('mlp'), normed, S, D);
  }
  const gated = spec.mlp.kind === 'gated';
  if (gated) linear(context, batch, normed, weights.matrix('gate.weight'), gate, S, bias('gate'));
  linear(context, batch, normed, weights.matrix('up.weight'), up, S, bias('up'));
  activate(context, batch, spec.mlp.activation, gated ? gate : null, up, S * pad4(F));
  linear(context, batch, up, weights.matrix('down.weight'), output, S, { ...bias('down'), accumulate: true });
}
