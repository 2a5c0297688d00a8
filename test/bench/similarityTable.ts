/**
 * Averages over layers (and the most alike pair) of trained heads and of random heads, as the reference study has them:
 * the table "Similarity and its floor" of BENCHMARKS.md.
 * Run: node test/bench/run.mjs similarityTable [checkpoint] [text file] [tokens]
 */
import { EngineCore } from '../../src/engine/core';
import { optionsFromEnvironment } from '../../src/engine/options';
import { summarisePairs } from '../../src/gqa/floor';
import { mean } from '../../src/gqa/measures';
import { findSimilarity } from '../../src/gqa/similarity';
import type { SimilarityBasis, SimilarityResult } from '../../src/protocol/similarity';
import { quietTask } from '../../src/protocol/tasks';

const [path = 'media/sample', file = '', tokens = '8192'] = process.argv.slice(2);
const engine = new EngineCore(optionsFromEnvironment(process.env));
const { modelId, L } = await engine.open(path, quietTask);
const calibration = { file: file === '' ? null : file, tokens: Number(tokens) };
const conversion = { G: 2, grouping: 'contiguous', merge: 'mean', calibration };

const rows: [SimilarityBasis, string][] = [
  ['weights', 'cosine'],
  ['weights', 'aligned'],
  ['activations', 'cosine'],
  ['activations', 'aligned'],
  ['activations', 'cka'],
  ['activations', 'pca'],
];
const number = (value: number): string => value.toFixed(3).replace('-', '−');
const results = new Map<string, SimilarityResult[]>();
for (let layer = 0; layer < L; layer++) {
  for (const target of ['k', 'v'] as const) {
    for (const [on, measure] of rows) {
      const key = `${target.toUpperCase()}, ${measure}, ${on}`;
      const result = await engine.similarity({ modelId, layer, on, target, measure, conversion }, quietTask);
      results.set(key, [...(results.get(key) ?? []), result]);
    }
  }
}
const cells = [...results].map(([name, layers]) => {
  const { alike } = findSimilarity(layers[0]?.measure ?? '', layers[0]?.on ?? 'weights');
  const most = alike === 'high' ? Math.max : Math.min;
  const pairs = layers.map(({ matrix, n }) => summarisePairs(matrix, n, alike));
  const trained = `${number(mean(pairs.map((pair) => pair.mean)))} (${number(most(...pairs.map(({ extreme }) => extreme)))})`;
  const floors = layers.map(({ floor, floorExtreme }) => ({ floor, floorExtreme }));
  const random = `${number(mean(floors.map(({ floor }) => floor)))} (${number(most(...floors.map(({ floorExtreme }) => floorExtreme)))})`;
  return [name, trained, random];
});
for (const name of ['K, pca, activations', 'V, pca, activations']) {
  const layers = results.get(name) ?? [];
  const range = (values: number[]): string => `${number(Math.min(...values))}–${number(Math.max(...values))}`;
  const trained = range(layers.map(({ ofGroup }) => mean(ofGroup ?? [])));
  cells.push([`${name}, groups of G 2`, trained, range(layers.map(({ groupFloor }) => groupFloor ?? NaN))]);
}
process.stdout.write(`${cells.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`);
process.exit(0);
