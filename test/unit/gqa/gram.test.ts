// The CPU product behind aligned similarity, against the definition, for sizes that do not fill its blocks.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cpuGram } from '../../../src/gqa/gram';
import { quietTask } from '../../../src/protocol/tasks';
import { randomWeight } from './memorySource';

it('is A·Bᵀ for any size', async () => {
  const size = fc.integer({ min: 1, max: 11 });
  await fc.assert(
    fc.asyncProperty(size, size, size, async (rowsA, rowsB, columns) => {
      const a = randomWeight(rowsA, columns, 1).data;
      const b = randomWeight(rowsB, columns, 2).data;
      const product = await cpuGram(a, b, columns, quietTask);
      expect(product).toHaveLength(rowsA * rowsB);
      product.forEach((value, index) => {
        const rowA = Math.floor(index / rowsB) * columns;
        const rowB = (index % rowsB) * columns;
        let sum = 0;
        for (let column = 0; column < columns; column += 1)
          sum += (a[rowA + column] ?? NaN) * (b[rowB + column] ?? NaN);
        expect(value).toBeCloseTo(sum, 10);
      });
    }),
  );
});
