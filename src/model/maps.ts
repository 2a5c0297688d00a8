/**
 * Attention maps of a kept run in exact numbers, and how far maps are apart.
 * Role: rows and divergence. Pictures of maps are mapTile.ts, the blocks on the GPU mapBlocks.ts.
 */
import type { GpuContext } from '../gpu/context';
import { LOWEST_SCORE } from '../gpu/operations/attention';
import { compareMaps, type MapBlock } from '../gpu/operations/maps';
import type { AttentionRow, AttentionRowRequest, MapValues } from '../protocol/maps';
import type { HeadDivergence } from '../protocol/measures';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { eachBlock, type MapMaker } from './mapBlocks';

/** Exact float32 probabilities, or scores, [heads, rows, T] of query rows [first, end); a score of a key not seen is -Infinity. */
export async function readMaps(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  [first, end]: readonly [number, number],
  task: TaskContext,
  kind: MapValues = 'probabilities',
): Promise<Float32Array> {
  const rows = end - first;
  const T = run.keysOf(layer);
  const result = new Float32Array(heads.length * rows * T);
  await eachBlock(context, weights, [run], layer, heads, [first, end], task.signal, async ([maker], block) => {
    if (!maker) return;
    const batch = context.batch();
    maker.compute(batch, block, kind);
    batch.submit();
    const size = block.heads * block.rows * T;
    const values = await context.readFloat32({ ...maker.map, size: size * 4 });
    for (let head = 0; head < heads.length; head++) {
      const from = head * block.rows * T;
      result.set(values.subarray(from, from + block.rows * T), (head * rows + block.row0 - first) * T);
    }
  });
  return kind === 'scores' ? result.map((score) => (score <= LOWEST_SCORE ? -Infinity : score)) : result;
}

/** Exact numbers of one query position (protocol/maps.ts, AttentionRow). */
export async function readRow(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  { layer, heads, query, values }: AttentionRowRequest,
  task: TaskContext,
): Promise<AttentionRow> {
  const numbers = await readMaps(context, weights, run, layer, heads, [query, query + 1], task, values);
  const hasSinks = values === 'scores' && run.source.has('sinks', layer);
  const sinks = hasSinks ? (await run.source.read('sinks', layer, task.signal)).data : null;
  return {
    layer,
    heads,
    query,
    weights: numbers,
    sinks: sinks && Float32Array.from(heads, (head) => sinks[head] ?? 0),
  };
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
  const compare = async (makers: readonly MapMaker[], block: MapBlock): Promise<void> => {
    const [a, b] = [makers[0]?.map, makers.at(-1)?.map];
    if (!a || !b) return;
    const divergence = context.storage(count * block.rows * 2, 'divergence');
    try {
      const batch = context.batch();
      for (const maker of makers) maker.compute(batch, block, 'probabilities');
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
