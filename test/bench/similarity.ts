/**
 * How long the similarity of one layer's heads takes on the CPU, for the sample's shape and for that of a 7B MHA model.
 * Run: node test/bench/run.mjs similarity. Figures go into BENCHMARKS.md with date, processor and command.
 */
import { layerSimilarity } from '../../src/gqa/similarity';
import { quietTask } from '../../src/protocol/tasks';
import { similarityJobOf } from '../support/conversions';
import { makeSpec, randomSource } from '../unit/gqa/memorySource';

const shapes = [
  { H: 8, K: 32, D: 256, repetitions: 5 },
  { H: 32, K: 128, D: 4096, repetitions: 1 },
];

const rows = [];
for (const { H, K, D, repetitions } of shapes) {
  for (const target of ['k', 'v'] as const) {
    for (const measure of ['cosine', 'aligned']) {
      const source = randomSource(makeSpec({ L: 1, H, G: H, K, D }));
      const conversion = { G: H / 4, grouping: 'contiguous', merge: 'mean' };
      const job = await similarityJobOf(source, { layer: 0, target, measure, conversion });
      const milliseconds: number[] = [];
      // The first one also measures the floor, which is then remembered.
      for (let round = 0; round <= repetitions; round++) {
        const start = performance.now();
        await layerSimilarity(job, quietTask);
        milliseconds.push(Math.round(performance.now() - start));
      }
      const [first, ...later] = milliseconds;
      const median = later.sort((a, b) => a - b)[Math.floor(later.length / 2)];
      rows.push({ heads: H, K, D, target, measure, first, later: median });
    }
  }
}
process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
