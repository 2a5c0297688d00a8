/**
 * Numbers taken from attention maps of a kept run where the maps themselves are not wanted: a column of each, and the
 * statistics of all heads of a layer. Computed like tiles (mapTile.ts), block by block; only the numbers leave the GPU.
 */
import type { GpuContext } from '../gpu/context';
import { takeColumn } from '../gpu/operations/maps';
import type { HeadStatistics } from '../protocol/maps';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { eachBlock } from './mapBlocks';
import { StatisticsSum } from './mapStatistics';
import { layerOf } from './specFacts';

/** Exact float32 probabilities [heads, S] that every query pays to one key: a column of each map. */
export async function readColumn(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  key: number,
  task: TaskContext,
): Promise<Float32Array> {
  const S = run.rowsOf(layer);
  const result = new Float32Array(heads.length * S);
  // Queries before the key do not see it where attention is causal.
  const first = layerOf(run.source.spec, layer).attention === 'causal' ? key : 0;
  await eachBlock(context, weights, [run], layer, heads, [first, S], task.signal, async ([maker], block) => {
    if (!maker) return;
    const column = context.storage(heads.length * block.rows, 'map column');
    try {
      const batch = context.batch();
      maker.compute(batch, block, 'probabilities');
      takeColumn(batch, maker.map, column, key, block);
      batch.submit();
      const values = await context.readFloat32(column);
      for (let head = 0; head < heads.length; head++) {
        result.set(values.subarray(head * block.rows, (head + 1) * block.rows), head * S + block.row0);
      }
    } finally {
      column.buffer.destroy();
    }
  });
  return result;
}

/** Statistics of every query head of a layer: the numbers of `readTile`, some bytes a head. */
export async function readStatistics(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  task: TaskContext,
): Promise<HeadStatistics> {
  const heads = Array.from({ length: run.source.spec.H }, (_, head) => head);
  const S = run.rowsOf(layer);
  const sums = new StatisticsSum(heads, S);
  await eachBlock(context, weights, [run], layer, heads, [0, S], task.signal, async ([maker], block) => {
    if (!maker) return;
    const batch = context.batch();
    maker.compute(batch, block, 'probabilities');
    const measured = sums.measure(context, batch, maker.map, block);
    try {
      batch.submit();
      await measured.read();
    } finally {
      measured.free();
    }
  });
  return { layer, statistics: sums.result(layerOf(run.source.spec, layer).attention === 'cross') };
}
