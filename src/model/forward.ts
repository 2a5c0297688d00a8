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
import { normalise } from '../gpu/operations/norm';
import type { RotaryTable } from '../gpu/operations/rotary';
import type { Batch } from '../gpu/batch';
import type { TaskContext } from '../protocol/tasks';
import { DistanceBiases } from './distanceBiases';
import { embed } from './embed';
import type { GpuWeights } from './gpuWeights';
import { LayerGroups } from './layerGroups';
import { runExperts } from './experts';
import { embeddingRoles, leaseGlobals, leaseLayer, type LeasedWeights } from './layerWeights';
import { leaseAhead } from './leaseAhead';
import { runMlp } from './mlp';
import { attentionShape, projectKeysAndValues, projectQueries, readStream, type LayerCache } from './project';
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

/** The first residual stream: embeddings, brought to the hidden size and normalised where the model does that. */
async function embedOnGpu(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  past: number,
  signal: AbortSignal,
): Promise<Span> {
  const { D } = source.spec;
  const S = ids.length;
  const { tokens, positions } = await embed(source, ids, past, signal);
  const leased = await leaseGlobals(weights, source, signal, embeddingRoles);
  const batch = context.batch();
  const rows = context.upload(tokens, 'token embeddings');
  let stream = rows;
  if (leased.has('embed.projection.weight')) {
    stream = context.upload(positions ?? new Float32Array(S * pad4(D)), 'embeddings');
    linear(context, batch, rows, leased.matrix('embed.projection.weight'), stream, S, { accumulate: true });
  } else if (positions) {
    stream = context.upload(
      tokens.map((value, place) => value + (positions[place] ?? 0)),
      'embeddings',
    );
  }
  const before = stream;
  if (leased.has('embed.norm.weight')) {
    stream = context.storage(S * pad4(D), 'normed embeddings');
    normalise(context, batch, before, leased.norm('embed'), stream, S, D);
  }
  batch.submit();
  leased.release();
  for (const { buffer } of new Set([rows, before])) if (buffer !== stream.buffer) buffer.destroy();
  return stream;
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
    // Experts have buffers of their own, for the tokens that go there.
    const inner = mlp.experts ? 4 : S * pad4(F);
    this.gate = context.storage(mlp.kind === 'gated' ? inner : 4, 'gate');
    this.up = context.storage(inner, 'up');
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
 * @returns what the MLP reads, where it is a mixture: experts.ts goes on from there; null otherwise
 */
function runLayer(
  context: GpuContext,
  batch: Batch,
  spec: ModelSpec,
  weights: LeasedWeights,
  { layer, S, past, memory, input, output, middle, cache, groups, table, distances, scratch }: LayerCall,
): Span | null {
  const { attention, mlp } = layerOf(spec, layer);
  const cross = attention === 'cross';
  const { normed, queries, attended, gate, up } = scratch;

  batch.copy(input, output);
  const read = readStream(context, batch, spec, weights, 'attention', input, normed, S);
  projectQueries(context, batch, spec, weights, { rows: read, S, table }, queries);
  const source = cross ? memory?.rows : read;
  if (source) {
    const [count, row0] = cross ? [memory?.T ?? 0, 0] : [S, past];
    projectKeysAndValues(context, batch, spec, weights, { layer, rows: source, count, row0, table }, cache);
  }
  const rows = { S, T: cross ? (memory?.T ?? 0) : past + S, past };
  const shape = attentionShape(spec, layer, rows, distances, weights.optionalVector('sinks'));
  attend(context, batch, queries, cache.keys, cache.values, attended, groups, shape);
  addToStream(context, batch, spec, weights, 'attention', attended, output, S);
  if (middle) batch.copy(output, middle);

  if (!mlp) return null;
  const parallel = spec.residual === 'parallel';
  const sharesNorm = parallel && !weights.has('mlp.norm.weight');
  const inner = sharesNorm
    ? read
    : readStream(context, batch, spec, weights, 'mlp', parallel ? input : output, normed, S);
  if (spec.mlp.experts) return inner;
  runMlp(context, batch, spec, weights, inner, { gate, up }, S);
  addToStream(context, batch, spec, weights, 'mlp', up, output, S);
  return null;
}

/** output += what a half of a layer puts out, through its projection, its norm and its factor; then the stream's own norm. */
function addToStream(
  context: GpuContext,
  batch: Batch,
  { D, residualScale: scale = 1 }: ModelSpec,
  weights: LeasedWeights,
  half: 'attention' | 'mlp',
  x: Span,
  output: Span,
  S: number,
): void {
  const projection = half === 'attention' ? 'o' : 'down';
  const matrix = weights.matrix(`${projection}.weight`);
  const bias = weights.optionalVector(`${projection}.bias`);
  if (weights.has(`${half}.output.norm.weight`)) {
    const added = batch.temporary(S * pad4(D), `output of ${half}`);
    linear(context, batch, x, matrix, added, S, { bias });
    const norm = { ...weights.norm(`${half}.output`), scale };
    normalise(context, batch, added, norm, output, S, D, { accumulate: true });
  } else {
    linear(context, batch, x, matrix, output, S, { bias, scale, accumulate: true });
  }
  if (weights.has(`${half}.stream.norm.weight`)) {
    const stream = batch.temporary(S * pad4(D), `stream after ${half}`);
    normalise(context, batch, output, weights.norm(`${half}.stream`), stream, S, D);
    batch.copy(stream, output);
  }
}
