/** Statistics of a tensor against plain ones over the whole array. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint, Dtype } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { histogramBins, tensorStatistics } from '../../../src/checkpoint/tensorStatistics';
import { encodeFloat32 } from '../../../src/checkpoint/dtypes';
import { quietTask } from '../../../src/protocol/tasks';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { entry, safetensorsBytes } from './safetensorsBytes';
import { temporaryFolder } from './temporaryFolder';

async function checkpointOf(dtype: Dtype, data: Uint8Array, shape: number[]): Promise<Checkpoint> {
  const file = join(await temporaryFolder(), 'one.safetensors');
  await writeFile(file, safetensorsBytes({ w: entry(dtype, shape, 0, data.length) }, data));
  const checkpoint = await openCheckpoint(file);
  onTestFinished(() => checkpoint.close());
  return checkpoint;
}

/** Deterministic, of several magnitudes, a tenth of them zero. */
const values = Float32Array.from({ length: 10_007 }, (_, i) => (i % 10 === 0 ? 0 : Math.sin(i) * (1 + (i % 7))));

function reference(all: ArrayLike<number>) {
  const finite = Array.from(all).filter(Number.isFinite);
  const sum = (of: (value: number) => number): number => finite.reduce((total, value) => total + of(value), 0);
  const [minimum, maximum] = [Math.min(...finite), Math.max(...finite)];
  const mean = sum((value) => value) / finite.length;
  const histogram = new Array<number>(histogramBins).fill(0);
  for (const value of finite) {
    const bin = Math.min(histogramBins - 1, Math.floor(((value - minimum) * histogramBins) / (maximum - minimum)));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return {
    ...{ minimum, maximum, mean },
    standardDeviation: Math.sqrt(sum((value) => (value - mean) ** 2) / finite.length),
    norm: Math.sqrt(sum((value) => value * value)),
    zeros: finite.filter((value) => value === 0).length,
    histogram,
  };
}

describe('statistics of a tensor', () => {
  it.each(['F32', 'BF16', 'F16', 'F64'] as const)('of %s are those of all its elements', async (dtype) => {
    const bytes = encodeFloat32(dtype, values);
    const checkpoint = await checkpointOf(dtype, bytes, [values.length]);
    const expected = reference(await checkpoint.readFloat32('w'));
    for (const chunk of [64, 1000, 2 ** 20]) {
      const found = await tensorStatistics(checkpoint, 'w', quietTask, chunk);
      expect(found).toMatchObject({ elements: values.length, nans: 0, infinities: 0, zeros: expected.zeros });
      expect(found.minimum).toBe(expected.minimum);
      expect(found.maximum).toBe(expected.maximum);
      expect(found.mean).toBeCloseTo(expected.mean, 12);
      expect(found.standardDeviation).toBeCloseTo(expected.standardDeviation, 12);
      expect(found.norm).toBeCloseTo(expected.norm, 9);
      // A value at the edge of a bin may fall to either side by a rounding.
      const moved = found.histogram.reduce(
        (sum, count, bin) => sum + Math.abs(count - (expected.histogram[bin] ?? 0)),
        0,
      );
      expect(moved).toBeLessThanOrEqual(4);
      expect(found.histogram.reduce((sum, count) => sum + count, 0)).toBe(values.length);
    }
  });

  it('count what is not finite, and leave it out of the rest', async () => {
    const odd = Float32Array.of(NaN, 1, Infinity, -3, -Infinity, NaN);
    const found = await tensorStatistics(await checkpointOf('F32', new Uint8Array(odd.buffer), [2, 3]), 'w', quietTask);
    expect(found).toMatchObject({ nans: 2, infinities: 2, minimum: -3, maximum: 1, mean: -1, standardDeviation: 2 });
    const none = Float32Array.of(NaN);
    const nothing = await tensorStatistics(await checkpointOf('F32', new Uint8Array(none.buffer), [1]), 'w', quietTask);
    expect(nothing).toMatchObject({ nans: 1, minimum: null, mean: null, norm: 0, histogram: [] });
  });

  it('of F64 keep numbers that float32 has not', async () => {
    const large = Float64Array.of(1e300, -1e300);
    const found = await tensorStatistics(await checkpointOf('F64', new Uint8Array(large.buffer), [2]), 'w', quietTask);
    expect(found).toMatchObject({ maximum: 1e300, minimum: -1e300, infinities: 0, mean: 0 });
  });

  it('of equal elements, of a scalar and of nothing have no histogram', async () => {
    const scalar = await checkpointOf('F32', new Uint8Array(Float32Array.of(2).buffer), []);
    expect(await tensorStatistics(scalar, 'w', quietTask)).toMatchObject({ elements: 1, mean: 2, histogram: [] });
    const nothing = await checkpointOf('F32', new Uint8Array(), [0, 4]);
    expect(await tensorStatistics(nothing, 'w', quietTask)).toMatchObject({ elements: 0, mean: null, zeros: 0 });
  });

  it('of whole numbers are refused, naming the type', async () => {
    const checkpoint = await checkpointOf('I64', new Uint8Array(16), [2]);
    await expect(tensorStatistics(checkpoint, 'w', quietTask)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      detail: { tensor: 'w', found: 'dtype I64' },
    });
  });

  it('stop when they are cancelled, and report how far they are', async () => {
    const checkpoint = await checkpointOf('F32', new Uint8Array(values.buffer), [values.length]);
    const controller = new AbortController();
    const fractions: (number | null)[] = [];
    const report = (_: string, fraction: number | null): void => {
      fractions.push(fraction);
      if (fractions.length === 5) controller.abort();
    };
    const task = { signal: controller.signal, report };
    await expect(tensorStatistics(checkpoint, 'w', task, 1000)).rejects.toThrow();
    expect(fractions).toHaveLength(5);
    expect(fractions).toEqual(fractions.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  });
});
