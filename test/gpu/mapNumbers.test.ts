/** Numbers of maps without the maps: statistics of a layer's heads and columns, against plain float64 on transformers' goldens. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readColumn, readStatistics } from '../../src/model/mapNumbers';
import { readTile } from '../../src/model/mapTile';
import { layerOf } from '../../src/model/specFacts';
import { quietTask } from '../../src/protocol/tasks';
import { maxDifference } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

/** [H] of maps [H, S, T]: means over the rows of entropy in bits, weight on the first key, distance of query and key, largest weight. */
function plainStatistics(maps: Float32Array, H: number, S: number) {
  const T = maps.length / (H * S);
  return Array.from({ length: H }, (_, head) => {
    const sums = { entropy: 0, firstToken: 0, distance: 0, largest: 0 };
    for (let s = 0; s < S; s++) {
      const row = [...maps.subarray((head * S + s) * T, (head * S + s + 1) * T)];
      row.forEach((weight, t) => {
        if (weight > 0) sums.entropy -= (weight * Math.log2(weight)) / S;
        sums.distance += (weight * Math.abs(s - t)) / S;
      });
      sums.firstToken += (row[0] ?? NaN) / S;
      sums.largest += Math.max(...row) / S;
    }
    return sums;
  });
}

// Causal and grouped; a window and sinks; an encoder alone; cross-attention.
describe.each(['llama-gqa', 'gpt-oss', 'bert', 't5'])('numbers of the maps of %s', (name) => {
  settleAfterAll();

  it('are those of the goldens and of the tiles', async () => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, source, await golden.tokens(), quietTask);
    const { L, H, layers } = source.spec;
    for (let layer = 0; layer < L; layer++) {
      const maps = await golden.floats(`attn.${layers[layer]?.name ?? layer}`);
      const [S, T] = [run.rowsOf(layer), run.keysOf(layer)];
      const crosses = layerOf(source.spec, layer).attention === 'cross';
      const { statistics } = await readStatistics(context, weights, run, layer, quietTask);
      expect(statistics.map(({ head }) => head)).toEqual(Array.from({ length: H }, (_, head) => head));
      plainStatistics(maps, H, S).forEach((expected, head) => {
        expect(statistics[head]?.entropy).toBeCloseTo(expected.entropy, 3);
        expect(statistics[head]?.firstToken).toBeCloseTo(expected.firstToken, 4);
        expect(statistics[head]?.largest).toBeCloseTo(expected.largest, 4);
        if (crosses) expect(statistics[head]?.distance).toBeNull();
        else expect(statistics[head]?.distance).toBeCloseTo(expected.distance, 3);
      });
      const heads = [H - 1, 0];
      const tile = await readTile(context, weights, run, { runId: '', layer, heads, size: 5 }, quietTask);
      expect(tile.statistics).toEqual(heads.map((head) => statistics[head]));
      for (const key of [0, T - 1]) {
        const column = await readColumn(context, weights, run, layer, heads, key, quietTask);
        const expected = heads.flatMap((head) =>
          Array.from({ length: S }, (_, s) => maps[(head * S + s) * T + key] ?? 0),
        );
        expect(maxDifference(column, expected)).toBeLessThan(1e-4);
      }
    }
    run.destroy();
  });
});
