/**
 * How long the similarity of one layer's heads takes, for the sample's shape and for that of a 7B MHA model, and how long other
 * work has to wait meanwhile. Figures go into BENCHMARKS.md with date, processor and command.
 * Run: node test/bench/run.mjs similarity [heads,K,D] [measure,measure…] [k,v] [cpu|gpu]
 */
import { engineGram } from '../../src/engine/gram';
import { EngineGpu } from '../../src/engine/gpu';
import { optionsFromEnvironment } from '../../src/engine/options';
import { cpuGram } from '../../src/gqa/gram';
import { layerSimilarity } from '../../src/gqa/similarity';
import { quietTask } from '../../src/protocol/tasks';
import { similarityJobOf } from '../support/conversions';
import { makeSpec, randomSource } from '../unit/gqa/memorySource';

const [shape = '8,32,256', measures = 'cosine,aligned,cka,pca', targets = 'k,v', where = 'gpu'] = process.argv.slice(2);
const [H = 8, K = 32, D = 256] = shape.split(',').map(Number);
const gram =
  where === 'gpu' ? engineGram(new EngineGpu(optionsFromEnvironment(process.env), () => undefined)) : cpuGram;

/** Milliseconds that work takes, and the longest that a timer had to wait for it. */
async function timed(work: () => Promise<unknown>): Promise<{ milliseconds: number; pause: number }> {
  const start = performance.now();
  let [last, pause] = [start, 0];
  const ticks = setInterval(() => {
    pause = Math.max(pause, performance.now() - last);
    last = performance.now();
  }, 1);
  await work();
  clearInterval(ticks);
  return { milliseconds: Math.round(performance.now() - start), pause: Math.round(pause) };
}

process.stdout.write('measure\tof\tfirst\tlater\tlongest pause (ms)\n');
for (const measure of measures.split(',')) {
  for (const target of targets.split(',').map((name) => (name === 'v' ? 'v' : 'k'))) {
    const source = randomSource(makeSpec({ L: 1, H, G: H, K, D }));
    const conversion = { G: H / 4, grouping: 'contiguous', merge: 'mean' };
    const job = { ...(await similarityJobOf(source, { layer: 0, target, measure, conversion })), gram };
    // The first one also measures the floor, which is then remembered.
    const first = await timed(() => layerSimilarity(job, quietTask));
    const later = await timed(() => layerSimilarity(job, quietTask));
    const cells = [measure, target, first.milliseconds, later.milliseconds, Math.max(first.pause, later.pause)];
    process.stdout.write(`${cells.join('\t')}\n`);
  }
}
process.exit(0);
