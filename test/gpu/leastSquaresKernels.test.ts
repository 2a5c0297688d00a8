/** The products that least squares on a text are made of, against plain float64. */
import { describe, expect, it } from 'vitest';
import { blockAdd, blockDot, blockTurn } from '../../src/gpu/operations/blocks';
import { uploadHeadGroups } from '../../src/gpu/operations/headGroups';
import { mapProduct, mapTransposedProduct } from '../../src/gpu/operations/mapProducts';
import { pad4 } from '../../src/gpu/operations/matrix';
import { scoreErrors } from '../../src/gpu/operations/scores';
import { transposedProduct } from '../../src/gpu/operations/transposedProduct';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { padRows, randoms } from './support/reference';

/** Unequal groups in no order; the original has 2 KV heads. Queries and keys of different counts where nothing is causal. */
const cases = [
  { windows: 3, S: 16, T: 16, K: 6, causal: true },
  { windows: 2, S: 16, T: 32, K: 8, causal: false },
].map((shape) => ({
  ...shape,
  H: 4,
  G: 3,
  G0: 2,
  readers: [2, 0, 1, 0],
  readers0: [0, 0, 1, 1],
  scale: 0.7,
  share: 0.4,
}));

type Case = (typeof cases)[number];

/** Keys that query m sees. */
const seen = ({ causal, T }: Case, m: number): number => (causal ? m + 1 : T);

/** [windows, H, S, T] numbers that are 0 where nothing is seen. */
function randomMaps(seed: number, shape: Case): Float32Array {
  const { windows, H, S, T } = shape;
  const values = randoms(seed, windows * H * S * T).map(Math.abs);
  return values.map((value, at) => (at % T < seen(shape, Math.floor(at / T) % S) ? value : 0));
}

describe('scoreErrors', () => {
  settleAfterAll();

  it.each(cases)('weighs scores of $S queries on $T keys, causal $causal, less a target or not', async (shape) => {
    const context = await testContext();
    const { windows, S, T, K, H, G, G0, readers, readers0, scale, share } = shape;
    const [q, q0] = [randoms(1, windows * S * H * K), randoms(2, windows * S * H * K)];
    const [k, k0] = [randoms(3, windows * T * G * K), randoms(4, windows * T * G0 * K)];
    const maps = randomMaps(5, shape);
    const score = (a: Float32Array, b: Float32Array, heads: number, place: number[]): number => {
      const [w = 0, h = 0, m = 0, n = 0, head = 0] = place;
      let sum = 0;
      for (let j = 0; j < K; j++) {
        sum += (a[((w * S + m) * H + h) * K + j] ?? NaN) * (b[((w * T + n) * heads + head) * K + j] ?? NaN);
      }
      return sum * scale;
    };
    const upload = (rows: Float32Array) => context.upload(padRows(rows, K), 'rows');
    const table = context.upload(Uint32Array.from([...readers, ...readers0]), 'readers');
    const target = { queries: upload(q0), keys: upload(k0), G: G0 };
    for (const minus of [null, target]) {
      const expected = new Float64Array(maps.length);
      for (let w = 0; w < windows; w++) {
        for (let h = 0; h < H; h++) {
          for (let m = 0; m < S; m++) {
            const row = ((w * H + h) * S + m) * T;
            const count = seen(shape, m);
            const weight = (n: number): number => share * (maps[row + n] ?? NaN) + (1 - share) / count;
            const d = Array.from({ length: count }, (_, n) => {
              const own = score(q, k, G, [w, h, m, n, readers[h] ?? NaN]);
              return own - (minus ? score(q0, k0, G0, [w, h, m, n, readers0[h] ?? NaN]) : 0);
            });
            const average = d.reduce((sum, value, n) => sum + weight(n) * value, 0);
            d.forEach((value, n) => (expected[row + n] = weight(n) * (value - average)));
          }
        }
      }
      // In two pieces: the second starts at window 1.
      const found = new Float32Array(maps.length);
      for (const [firstWindow, count] of [
        [0, 1],
        [1, windows - 1],
      ] as const) {
        const size = H * S * T;
        const map = context.upload(maps.slice(firstWindow * size, (firstWindow + count) * size), 'map');
        const errors = context.storage(count * size, 'errors');
        const batch = context.batch();
        const piece = { S, T, H, K, causal: shape.causal, scale, share, firstWindow, windows: count };
        scoreErrors(batch, { queries: upload(q), keys: upload(k), G }, minus, table, map, errors, piece);
        batch.submit();
        found.set(await context.readFloat32(errors), firstWindow * size);
      }
      expect(relativeL2(found, expected)).toBeLessThan(1e-5);
    }
  });
});

describe('products with maps', () => {
  it.each(cases)('of $S queries and $T keys, forth and back, causal $causal', async (shape) => {
    const context = await testContext();
    const { windows, S, T, K, H, G, readers, causal } = shape;
    const C = pad4(K);
    const maps = randomMaps(6, shape);
    const [x, y] = [randoms(7, windows * T * G * C), randoms(8, windows * S * H * C)];
    const [forth, back] = [new Float64Array(y.length), new Float64Array(x.length)];
    for (let at = 0; at < maps.length; at++) {
      const [n, m, h, w] = [at % T, Math.floor(at / T) % S, Math.floor(at / T / S) % H, Math.floor(at / T / S / H)];
      const [key, query] = [((w * T + n) * G + (readers[h] ?? NaN)) * C, ((w * S + m) * H + h) * C];
      for (let c = 0; c < C; c++) {
        forth[query + c] = (forth[query + c] ?? NaN) + 2 * (maps[at] ?? NaN) * (x[key + c] ?? NaN);
        back[key + c] = (back[key + c] ?? NaN) + 2 * (maps[at] ?? NaN) * (y[query + c] ?? NaN);
      }
    }
    const [outForth, outBack] = [context.storage(y.length, 'forth'), context.storage(x.length, 'back')];
    const groups = uploadHeadGroups(context, readers, G);
    const table = context.upload(Uint32Array.from(readers), 'readers');
    const batch = context.batch();
    for (const [firstWindow, count] of [
      [0, 1],
      [1, windows - 1],
    ] as const) {
      const size = H * S * T;
      const map = context.upload(maps.slice(firstWindow * size, (firstWindow + count) * size), 'map');
      const piece = { S, T, H, G, causal, columns: C, factor: 2, firstWindow, windows: count };
      mapProduct(batch, map, context.upload(x, 'x'), table, outForth, piece);
      mapTransposedProduct(batch, map, context.upload(y, 'y'), groups.span, outBack, piece);
    }
    batch.submit();
    expect(relativeL2(await context.readFloat32(outForth), forth)).toBeLessThan(1e-6);
    expect(relativeL2(await context.readFloat32(outBack), back)).toBeLessThan(1e-6);
  });
});

describe('transposedProduct', () => {
  it.each([
    { rows: 5, M: 8, N: 4, count: 1 },
    { rows: 33, M: 4, N: 132, count: 3 },
  ])('$count of $rows rows, $M x $N, onto a part of what is there', async ({ rows, M, N, count }) => {
    const context = await testContext();
    const [a, b, before] = [randoms(9, count * rows * M), randoms(10, count * rows * N), randoms(11, count * M * N)];
    const expected = [...before].map((value, at) => {
      const [n, m, i] = [at % N, Math.floor(at / N) % M, Math.floor(at / N / M)];
      let sum = 0;
      for (let r = i * rows; r < (i + 1) * rows; r++) sum += (a[r * M + m] ?? NaN) * (b[r * N + n] ?? NaN);
      return 0.5 * sum - 3 * value;
    });
    const out = context.upload(before, 'out');
    const batch = context.batch();
    const shape = { rows, M, N, count, factor: 0.5, keep: -3 };
    transposedProduct(batch, context.upload(a, 'a'), context.upload(b, 'b'), out, shape);
    batch.submit();
    expect(relativeL2(await context.readFloat32(out), expected)).toBeLessThan(1e-6);
  });
});

describe('blocks', () => {
  it('are multiplied and added each by its own ratio, and a block without a denominator stays', async () => {
    const context = await testContext();
    const [blocks, length] = [3, 4 * 700];
    const [a, b] = [randoms(12, blocks * length), randoms(13, blocks * length)];
    const numerator = context.upload(Float32Array.from([2, 3, 5]), 'numerator');
    const denominator = context.upload(Float32Array.from([4, 0, -1]), 'denominator');
    const ratios = [0.5, 0, 0];
    const expected = (combine: (a: number, b: number, ratio: number) => number): number[] =>
      [...a].map((value, at) => combine(value, b[at] ?? NaN, ratios[Math.floor(at / length)] ?? NaN));
    const [added, turned, dots] = [context.upload(a, 'a'), context.upload(a, 'a'), context.storage(blocks, 'dots')];
    const other = context.upload(b, 'b');
    const batch = context.batch();
    const shape = { blocks, length };
    blockDot(batch, added, other, dots, shape);
    blockAdd(batch, added, other, { numerator, denominator }, -1, shape);
    blockTurn(batch, turned, other, { numerator, denominator }, shape);
    batch.submit();
    const sums = ratios.map((_, block) => {
      let sum = 0;
      for (let at = block * length; at < (block + 1) * length; at++) sum += (a[at] ?? NaN) * (b[at] ?? NaN);
      return sum;
    });
    expect(relativeL2(await context.readFloat32(dots), sums)).toBeLessThan(1e-5);
    expect(
      relativeL2(
        await context.readFloat32(added),
        expected((x, y, ratio) => x - ratio * y),
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeL2(
        await context.readFloat32(turned),
        expected((x, y, ratio) => y + ratio * x),
      ),
    ).toBeLessThan(1e-6);
  });
});
