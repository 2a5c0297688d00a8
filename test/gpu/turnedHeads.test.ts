/**
 * Heads that are the same up to what their gauge allows share one head without any loss: the logits of the conversion are
 * those of the original, by every merge that knows the gauge.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { merges } from '../../src/gqa/merge';
import { keyGauge, valueGauge, type Gauge } from '../../src/gqa/solve/gauge';
import { calibrate } from '../../src/model/calibration';
import { GpuWeights } from '../../src/model/gpuWeights';
import { logitDistance } from '../../src/model/sameFunction';
import type { LayerRole } from '../../src/model/roles';
import type { Weight, WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs } from '../support/conversions';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, openModel } from './support/golden';
import { randoms } from './support/reference';

/** What pools heads in whatever basis they are, or keeps nothing. */
const plain = ['mean', 'first', 'medoid', 'renormalised', 'random'];
const gauged = merges.map(({ id }) => id).filter((id) => !plain.includes(id));
/** The steps of all others are among those of these. */
const furthest = ['aligned-renormalised', 'pca', 'attention-als'];

const cases = [
  { name: 'llama-mha', ids: gauged },
  // Partial rotary and biases; learned positions and biases; interleaved; grouped queries; ALiBi.
  ...['gpt-neox', 'gpt2', 'gptj', 'llama-gqa', 'bloom'].map((name) => ({ name, ids: furthest })),
];

/** Rows of a head [K, columns] turned as a gauge allows: planes by an angle, free rows by a reflection. */
function turn(rows: Float32Array, columns: number, { planes, free }: Gauge): Float32Array {
  const result = rows.slice();
  const at = (row: number, d: number): number => rows[row * columns + d] ?? NaN;
  planes.forEach(([first, second], plane) => {
    const [c, s] = [Math.cos(plane + 1), Math.sin(plane + 1)];
    for (let d = 0; d < columns; d++) {
      result[first * columns + d] = c * at(first, d) - s * at(second, d);
      result[second * columns + d] = s * at(first, d) + c * at(second, d);
    }
  });
  // Householder's reflection along a random direction: orthogonal, and it mixes all rows.
  const direction = [...randoms(free.length, free.length)];
  const square = direction.reduce((sum, value) => sum + value ** 2, 0);
  for (let d = 0; d < columns; d++) {
    const along = free.reduce((sum, row, i) => sum + (direction[i] ?? NaN) * at(row, d), 0);
    free.forEach((row, i) => {
      result[row * columns + d] = at(row, d) - (2 * along * (direction[i] ?? NaN)) / square;
    });
  }
  return result;
}

/** The source with every odd KV head replaced by the one before it, turned. Queries and outputs are their own. */
function pairUp(source: WeightSource): WeightSource {
  const { spec } = source;
  const paired = async (role: LayerRole, layer: number, signal?: AbortSignal): Promise<Weight> => {
    const weight = await source.read(role, layer, signal);
    const data = weight.data.slice();
    const block = data.length / spec.G;
    const gauge = role.startsWith('k') ? keyGauge(spec, layer) : valueGauge(spec);
    for (let head = 1; head < spec.G; head += 2) {
      const before = data.slice((head - 1) * block, head * block);
      data.set(turn(before, block / spec.K, gauge), head * block);
    }
    return { ...weight, data };
  };
  const wrapped: WeightSource = {
    spec,
    has: (role, layer) => source.has(role, layer),
    read: (role, layer, signal) =>
      layer !== null && /^[kv]\.(weight|bias)$/.test(role)
        ? paired(role as LayerRole, layer, signal)
        : source.read(role, layer, signal),
    readRows: async (role, layer, start, end, signal) => {
      if (layer === null) return source.readRows(role, layer, start, end, signal);
      const { data, columns } = await wrapped.read(role, layer, signal);
      return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
    },
  };
  return wrapped;
}

describe('heads that are equal in pairs up to their gauge', () => {
  settleAfterAll();

  it.each(cases)('lose nothing when they share: $name', async ({ name, ids }) => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const pairs = pairUp(source);
    const { V, G } = pairs.spec;
    const weights = new GpuWeights(context, 1 << 30);
    const tokens = (seed: number, count: number): number[] =>
      [...randoms(seed, count)].map((value) => Math.floor(((value + 1) / 2) * V));
    // Enough tokens that least squares do not find directions to fit rounding errors along.
    const windows = Array.from({ length: 5 }, (_, seed) => tokens(seed, 64));
    const calibration = await calibrate(context, weights, pairs, windows, 'random tokens', quietTask);
    const far: [string, number][] = [];
    for (const merge of ids) {
      const converted = await convertAs(pairs, { G: G / 2, grouping: 'contiguous', merge }, calibration);
      const distance = await logitDistance(context, weights, pairs, converted, tokens(9, 24), quietTask);
      if (!(distance < 1e-4)) far.push([merge, distance]);
      weights.drop(converted);
    }
    expect(far).toEqual([]);
  });
});
