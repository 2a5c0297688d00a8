/**
 * One layer of the forward pass: attention with K and V at G heads, then its MLP, each added to the residual stream.
 * Role: the steps that a LayerSpec decides, put into a batch. Which layers, caches and what is kept is forward.ts; experts go on
 * in experts.ts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { attend, type DistanceBias } from '../gpu/operations/attention';
import type { HeadGroups } from '../gpu/operations/headGroups';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { normalise } from '../gpu/operations/norm';
import type { RotaryTable } from '../gpu/operations/rotary';
import type { LeasedWeights } from './layerWeights';
import { runMlp } from './mlp';
import { attentionShape, projectKeysAndValues, projectQueries, readStream, type LayerCache } from './project';
import type { ModelSpec } from './spec';
import { layerOf } from './specFacts';

/** The output of an encoder. */
export interface Memory {
  /** Its tokens. */
  T: number;
  /** [T, pad4(D)]; null once its keys and values are in the caches. */
  rows: Span | null;
}

/** Buffers that every layer uses in turn. */
export class Scratch {
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

export interface LayerCall {
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
export function runLayer(
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
