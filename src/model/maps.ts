/**
 * Attention maps of a kept run, recomputed for the layer and heads that somebody looks at, in blocks of rows.
 * Role: exact probabilities, drawing codes, statistics and divergence. Never more than one block of maps exists on the GPU.
 */
import type { GpuContext, Span } from '../gpu/context';
import type { Batch } from '../gpu/batch';
import { attentionMaps } from '../gpu/operations/attention';
import { uploadChosenHeads } from '../gpu/operations/headGroups';
import { compareMaps, encodeMaps, type MapBlock } from '../gpu/operations/maps';
import type { AttentionTile, HeadDivergence } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import { DistanceBiases } from './distanceBiases';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { leaseLayer } from './layerWeights';
import { StatisticsSum } from './mapStatistics';
import { attentionShape } from './project';
import { leaseQueries } from './queries';
import { groupOfHead, kvHeadsOf, layerOf } from './spec';

/** Bytes of maps computed at once. */
const blockBytes = 32 * 1024 * 1024;

/** What the maps of one run's layer are computed from, and into. */
interface MapMaker {
  map: Span;
  /** Adds the computation of a block to a batch. */
  compute: (batch: Batch, block: MapBlock) => void;
  close: () => void;
}

/** @param size numbers of the largest block */
async function openMaker(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  size: number,
  signal: AbortSignal,
): Promise<MapMaker> {
  const { spec } = run.source;
  const cache = run.caches[layer];
  if (!cache) throw new Error(`the run has no layer ${layer}`);
  const biases = new DistanceBiases(context, run.source, 0, run.rowsOf(layer), signal);
  try {
    const bias = await biases.of(layer);
    const queries = await leaseQueries(context, weights, run, layer, signal);
    const own = await leaseLayer(weights, run.source, layer, signal, ['sinks']);
    const rows = { S: run.rowsOf(layer), T: run.keysOf(layer), past: 0 };
    const shape = attentionShape(spec, layer, rows, bias, own.optionalVector('sinks'));
    const chosen = uploadChosenHeads(context, heads, groupOfHead(spec, layer), kvHeadsOf(spec, layer));
    const map = context.storage(size, 'maps');
    return {
      map,
      compute: (batch, block) => attentionMaps(context, batch, queries.span, cache.keys, chosen, map, block, shape),
      close: () => {
        queries.release();
        own.release();
        biases.destroy();
        for (const { buffer } of [chosen.span, map]) buffer.destroy();
      },
    };
  } catch (error) {
    biases.destroy();
    throw error;
  }
}

/** Blocks of query rows [first, end) such that `heads` maps of a block fit into blockBytes. */
function* blocksOf(heads: number, first: number, end: number, T: number): Generator<MapBlock> {
  const rowsPerBlock = Math.max(1, Math.min(end - first, Math.floor(blockBytes / (heads * T * 4))));
  for (let row0 = first; row0 < end; row0 += rowsPerBlock) {
    yield { heads, row0, rows: Math.min(rowsPerBlock, end - row0), T, past: 0 };
  }
}

/** Computes the maps of each block into one reused buffer and hands it to `use`, which must await its reads. */
export async function eachBlock(
  context: GpuContext,
  weights: GpuWeights,
  runs: readonly KeptRun[],
  layer: number,
  heads: readonly number[],
  [first, end]: readonly [number, number],
  signal: AbortSignal,
  use: (maps: readonly Span[], block: MapBlock) => Promise<void>,
): Promise<void> {
  const T = runs[0]?.keysOf(layer) ?? 0;
  const blocks = [...blocksOf(heads.length, first, end, T)];
  const size = heads.length * Math.max(...blocks.map(({ rows }) => rows)) * T;
  const makers: MapMaker[] = [];
  try {
    for (const run of runs) makers.push(await openMaker(context, weights, run, layer, heads, size, signal));
    for (const block of blocks) {
      signal.throwIfAborted();
      const batch = context.batch();
      for (const maker of makers) maker.compute(batch, block);
      batch.submit();
      await use(
        makers.map(({ map }) => map),
        block,
      );
    }
  } finally {
    for (const maker of makers) maker.close();
  }
}

/** Exact float32 probabilities [heads, rows, T] of query rows [first, end). */
export async function readMaps(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  [first, end]: readonly [number, number],
  task: TaskContext,
): Promise<Float32Array> {
  const rows = end - first;
  const T = run.keysOf(layer);
  const result = new Float32Array(heads.length * rows * T);
  await eachBlock(context, weights, [run], layer, heads, [first, end], task.signal, async ([map], block) => {
    if (!map) return;
    const size = block.heads * block.rows * T;
    const values = await context.readFloat32({ ...map, size: size * 4 });
    for (let head = 0; head < heads.length; head++) {
      const from = head * block.rows * T;
      result.set(values.subarray(from, from + block.rows * T), (head * rows + block.row0 - first) * T);
    }
  });
  return result;
}

/** Maps for drawing, with their mean and each head's statistics (protocol/model.ts, AttentionTile). */
export async function readTile(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  task: TaskContext,
): Promise<AttentionTile> {
  const [S, T] = [run.rowsOf(layer), run.keysOf(layer)];
  const T4 = Math.ceil(T / 4) * 4;
  const codes = new Uint8Array(heads.length * S * T);
  const meanCodes = new Uint8Array(S * T);
  const { attention } = layerOf(run.source.spec, layer);
  const sums = new StatisticsSum(heads, S);
  await eachBlock(context, weights, [run], layer, heads, [0, S], task.signal, async ([map], block) => {
    if (!map) return;
    const packed = context.storage(((heads.length + 1) * block.rows * T4) / 4, 'map codes');
    const batch = context.batch();
    const measured = sums.measure(context, batch, map, block);
    try {
      encodeMaps(batch, map, packed, block);
      batch.submit();
      const bytes = new Uint8Array(await context.read(packed));
      for (let head = 0; head <= heads.length; head++) {
        const [into, place] = head < heads.length ? [codes, head * S] : [meanCodes, 0];
        for (let row = 0; row < block.rows; row++) {
          const from = (head * block.rows + row) * T4;
          into.set(bytes.subarray(from, from + T), (place + block.row0 + row) * T);
        }
      }
      await measured.read();
    } finally {
      packed.buffer.destroy();
      measured.free();
    }
  });
  const statistics = sums.result(attention === 'cross');
  return { layer, heads: [...heads], S, T, causal: attention === 'causal', codes, meanCodes, statistics };
}

/** How far two runs' maps of a layer are apart, per query head. Both runs must have the same tokens and H. */
export async function readDivergence(
  context: GpuContext,
  weights: GpuWeights,
  a: KeptRun,
  b: KeptRun,
  layer: number,
  task: TaskContext,
): Promise<HeadDivergence> {
  const pairs = Array.from({ length: a.source.spec.H }, (_, head): [number, number] => [head, head]);
  return { layer, ...(await comparePairs(context, weights, [a, b], layer, pairs, task)) };
}

/** [H, H] Jensen-Shannon divergence in bits of every two query heads' maps of a layer, mean over query positions. */
export async function readHeadDivergences(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  task: TaskContext,
): Promise<Float32Array> {
  const { H } = run.source.spec;
  const result = new Float32Array(H * H);
  const pairs = Array.from({ length: H }, (_, a) =>
    Array.from({ length: H - a - 1 }, (_, after): [number, number] => [a, a + 1 + after]),
  ).flat();
  if (pairs.length === 0) return result;
  const { jensenShannon } = await comparePairs(context, weights, [run], layer, pairs, task);
  pairs.forEach(([a, b], pair) => {
    result[a * H + b] = result[b * H + a] = jensenShannon[pair] ?? 0;
  });
  return result;
}

/** Compares pairs of query heads: one of the first run's with one of the last run's. */
async function comparePairs(
  context: GpuContext,
  weights: GpuWeights,
  runs: readonly KeptRun[],
  layer: number,
  pairs: readonly (readonly [number, number])[],
  task: TaskContext,
): Promise<Pick<HeadDivergence, 'jensenShannon' | 'maxDifference'>> {
  const [run] = runs;
  const S = run?.rowsOf(layer) ?? 0;
  const heads = Array.from({ length: run?.source.spec.H ?? 0 }, (_, head) => head);
  const count = pairs.length;
  const jensenShannon = new Float32Array(count);
  const maxDifference = new Float32Array(count);
  const table = { span: context.upload(Uint32Array.from(pairs.flat()), 'pairs of maps'), count };
  const compare = async (maps: readonly Span[], block: MapBlock): Promise<void> => {
    const [a, b] = [maps[0], maps.at(-1)];
    if (!a || !b) return;
    const divergence = context.storage(count * block.rows * 2, 'divergence');
    try {
      const batch = context.batch();
      compareMaps(batch, a, b, table, divergence, block);
      batch.submit();
      const values = await context.readFloat32(divergence);
      for (let pair = 0; pair < count; pair++) {
        for (let row = 0; row < block.rows; row++) {
          const at = (pair * block.rows + row) * 2;
          jensenShannon[pair] = (jensenShannon[pair] ?? 0) + (values[at] ?? 0) / S;
          maxDifference[pair] = Math.max(maxDifference[pair] ?? 0, values[at + 1] ?? 0);
        }
      }
    } finally {
      divergence.buffer.destroy();
    }
  };
  try {
    await eachBlock(context, weights, runs, layer, heads, [0, S], task.signal, compare);
  } finally {
    table.span.buffer.destroy();
  }
  return { jensenShannon, maxDifference };
}
