// Groups by similarity: the ones that lose least, against every division written out with the merge's own algebra.
import type { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { makeGrouping } from '../../../src/gqa/grouping';
import { takeColumns, takeRows, timesTransposed } from '../../../src/gqa/solve/blocks';
import { keyGauge } from '../../../src/gqa/solve/gauge';
import { queriesOf, readLayerHeads, type LayerHeads } from '../../../src/gqa/solve/layerHeads';
import { readNormMetric } from '../../../src/gqa/solve/layerMetric';
import type { Metric } from '../../../src/gqa/solve/metric';
import { leadingEigenvector, planeGram } from '../../../src/gqa/solve/planes';
import { shareBlock, times } from '../../../src/gqa/solve/sharedMap';
import type { Calibration } from '../../../src/model/calibration';
import { quietTask } from '../../../src/protocol/tasks';
import { groupingOf } from '../../support/conversions';
import { divisions } from './divisions';
import { makeSpec, randomSource, randomWeight, type MemorySource } from './memorySource';

const K = 4;
const spec = makeSpec({ L: 1, D: 12, H: 8, G: 8, K });

/** What of the layer's energy cannot be held when `members` share one K and one V. */
function lost(heads: LayerHeads, metric: Metric, members: readonly number[]): { k: number; v: number } {
  const { sizes, W } = heads;
  const measured = (rows: Float64Array) => ({ rows, timesMetric: metric.times(rows), W });
  const [keys, queries] = [measured(heads.k), measured(heads.q)];
  let k = 0;
  for (const [first, second] of keyGauge(spec, 0).planes) {
    const place = (head: number) => ({ first: (head * K + first) * W, second: (head * K + second) * W });
    const n = members.length;
    const gram = planeGram(keys, members.map(place));
    const weights = members.map((head) => Math.sqrt(planeGram(queries, queriesOf(sizes, head).map(place))[0] ?? 0));
    for (let entry = 0; entry < n * n; entry++) {
      const weight = (weights[Math.floor(entry / n)] ?? 0) * (weights[entry % n] ?? 0);
      gram[2 * entry] = (gram[2 * entry] ?? 0) * weight;
      gram[2 * entry + 1] = (gram[2 * entry + 1] ?? 0) * weight;
    }
    const { value, trace } = leadingEigenvector(gram, n);
    k += trace - value;
  }
  const rows = [0, 1, 2, 3];
  const blocks = members.map((head) => {
    const output = takeColumns(heads.o, head, K, sizes.H * K);
    return { block: takeRows(heads.v, head, K, W, rows), weight: output.transpose().mmul(output) };
  });
  const { kept, total } = shareBlock(blocks, metric);
  return { k, v: total - kept };
}

async function setUp(): Promise<{ heads: LayerHeads; metric: Metric; source: ReturnType<typeof randomSource> }> {
  const source = randomSource(spec);
  const reader = {
    spec,
    layer: 0,
    G: 8,
    groupOfKvHead: [],
    weights: source,
    has: (role: Parameters<typeof source.has>[0]) => source.has(role, 0),
    read: (role: Parameters<typeof source.has>[0]) => source.read(role, 0),
  };
  const heads = await readLayerHeads(reader, quietTask.signal);
  return { heads, metric: await readNormMetric(source, 0, 'keys', heads.W, quietTask.signal), source };
}

describe('groups by similarity', () => {
  it.each([4, 2])('of 8 heads in %d groups are the ones that lose least', async (G) => {
    const { heads, metric, source } = await setUp();
    const energyK = [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, head) => {
      const rows = takeRows(heads.k, head, K, heads.W, [0, 1, 2, 3]);
      const read = takeRows(heads.q, head, K, heads.W, [0, 1, 2, 3]);
      const squares = (matrix: Matrix): number[] => timesTransposed(times(matrix, metric), matrix).diagonal();
      const [k, q] = [squares(rows), squares(read)];
      for (const [first, second] of keyGauge(spec, 0).planes) {
        sum += ((k[first] ?? 0) + (k[second] ?? 0)) * ((q[first] ?? 0) + (q[second] ?? 0));
      }
      return sum;
    }, 0);
    const energyV = [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, head) => {
      const output = takeColumns(heads.o, head, K, 8 * K);
      const v = takeRows(heads.v, head, K, heads.W, [0, 1, 2, 3]);
      return (
        sum +
        output
          .transpose()
          .mmul(output)
          .mmul(timesTransposed(times(v, metric), v))
          .trace()
      );
    }, 0);
    const share = (groups: readonly number[]): number =>
      Array.from({ length: G }, (_, group) => {
        const { k, v } = lost(
          heads,
          metric,
          groups.flatMap((own, head) => (own === group ? [head] : [])),
        );
        return k / energyK + v / energyV;
      }).reduce((sum, value) => sum + value, 0);
    const { groupOfKvHead } = await groupingOf(source, { G, grouping: 'similarity' });
    const least = Math.min(...divisions(8, G).map(share));
    expect(share(groupOfKvHead[0] ?? [])).toBeCloseTo(least, 4);
    // It matters: the worst division loses more.
    expect(Math.max(...divisions(8, G).map(share))).toBeGreaterThan(least + 0.01);
  });
});

/** Makes head h of a layer what head h mod `kinds` is, but turned as its gauge allows, in the first `columns` columns. */
function plant(source: MemorySource, layer: number, kinds: number, columns: number): void {
  const { G: n, K: size, D } = source.spec;
  const edit = (role: 'k.weight' | 'v.weight', turned: (row: number) => [from: number, sign: number]): void => {
    const weight = source.weights.get(`${role} ${layer}`);
    if (!weight) throw new Error(role);
    for (let head = kinds; head < n; head++) {
      for (let row = 0; row < size; row++) {
        const [from, sign] = head % 3 === 0 ? [row, 1] : turned(row);
        for (let d = 0; d < columns; d++) {
          weight.data[(head * size + row) * D + d] = sign * (weight.data[((head % kinds) * size + from) * D + d] ?? 0);
        }
      }
    }
  };
  // Planes (j, j + K/2) turn by a quarter; rows of V change places.
  edit('k.weight', (row) => (row < size / 2 ? [row + size / 2, -1] : [row - size / 2, 1]));
  edit('v.weight', (row) => [size - 1 - row, row % 2 === 0 ? 1 : -1]);
}

const kindsOf = (n: number, kinds: number): number[] => Array.from({ length: n }, (_, head) => head % kinds);

describe('groups by similarity, of heads that are alike but for their gauge,', () => {
  it.each([
    { what: 'few divisions', n: 8, K: 4, kinds: 4 },
    { what: 'too many divisions to try', n: 16, K: 4, kinds: 4 },
    { what: 'sets too large to compare whole', n: 16, K: 16, kinds: 2 },
  ])('are found: $what', async ({ n, K: size, kinds }) => {
    const source = randomSource(makeSpec({ L: 2, D: 20, H: n, G: n, K: size }));
    for (const layer of [0, 1]) plant(source, layer, kinds, 20);
    const { groupOfKvHead } = await groupingOf(source, { G: kinds, grouping: 'similarity' });
    expect(groupOfKvHead).toEqual([kindsOf(n, kinds), kindsOf(n, kinds)]);
  });

  it('are found where a text looks only', async () => {
    const [D, N] = [20, 64];
    const source = randomSource(makeSpec({ L: 1, D, H: 8, G: 8, K: 4 }));
    plant(source, 0, 4, 10);
    // Elsewhere heads differ loudly, and the text's inputs have nothing there.
    for (const role of ['k.weight', 'v.weight']) {
      const data = source.weights.get(`${role} 0`)?.data ?? new Float32Array();
      data.forEach((value, index) => (data[index] = index % D < 10 ? value : 30 * value));
    }
    const { data: x } = randomWeight(N, D, 9);
    x.forEach((_, index) => {
      if (index % D >= 10) x[index] = 0;
    });
    const calibration = { T: N, N, text: '', layer: () => ({ x, N, T: N }) } as unknown as Calibration;
    const request = { G: 4, grouping: 'similarity-text' };
    expect((await groupingOf(source, request, calibration)).groupOfKvHead).toEqual([kindsOf(8, 4)]);
    const byWeights = await groupingOf(source, { G: 4, grouping: 'similarity' });
    expect(byWeights.groupOfKvHead).not.toEqual([kindsOf(8, 4)]);
  });

  it('is cancelled on the way', async () => {
    const source = randomSource(makeSpec({ L: 1, D: 20, H: 8, G: 8, K: 4 }));
    const task = { ...quietTask, signal: AbortSignal.abort() };
    await expect(
      makeGrouping('similarity', { source, G: 2, assignment: null, calibration: null, task }),
    ).rejects.toThrow(/abort/i);
  });
});
