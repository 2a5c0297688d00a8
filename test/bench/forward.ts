/**
 * How long the sample's analysis takes on this adapter: engine start, first and later runs, maps, continuation.
 * Run: node test/bench/run.mjs forward [tokens …]. Figures go into BENCHMARKS.md with date, adapter and command.
 */
import { join } from 'node:path';
import { EngineCore } from '../../src/engine/core';
import { optionsFromEnvironment } from '../../src/engine/options';
import { quietTask } from '../../src/protocol/tasks';

const repetitions = 5;
/** Device pixels of the maps in the explorer, of a mean and of a member: longer texts are pooled to them. */
const DRAWN = { size: 512, memberSize: 256 };

/** Median of some durations in milliseconds, to a tenth. */
function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? NaN) * 10) / 10;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function repeated(work: () => Promise<unknown>): Promise<number> {
  const durations: number[] = [];
  for (let i = 0; i < repetitions; i++) durations.push(await timed(work));
  return median(durations);
}

const sizes = process.argv.slice(2).map(Number);
const begun = performance.now();
const core = new EngineCore(optionsFromEnvironment(process.env));
const { adapter } = await core.diagnostics();
const model = await core.open(join(process.cwd(), 'media', 'sample'), quietTask);
const ready = performance.now() - begun;
const rows = [];
for (const S of sizes.length > 0 ? sizes : [64, 512]) {
  const ids = Array.from({ length: S }, (_, s) => (s * 37) % model.V);
  const heads = Array.from({ length: model.H }, (_, head) => head);
  const request = { modelId: model.modelId, input: { kind: 'ids' as const, ids }, conversion: null, maxTokens: S };
  let runId = '';
  const run = async (): Promise<void> => {
    if (runId) core.release(runId);
    runId = (await core.run(request, quietTask)).runId;
  };
  const first = await timed(run);
  const later = await repeated(run);
  const layers = Array.from({ length: model.L }, (_, layer) => layer);
  const allMaps = async (): Promise<void> => {
    for (const layer of layers) await core.attention({ runId, layer, heads, ...DRAWN }, quietTask);
  };
  const firstMaps = await timed(allMaps);
  const row = await repeated(() => core.attentionRow({ runId, layer: 3, heads, query: S - 1 }, quietTask));
  const tokens = await timed(() => core.continuation(runId, 16, quietTask));
  rows.push({
    S,
    first: Math.round(first),
    later,
    allMaps: Math.round(firstMaps),
    row,
    token: Math.round(tokens / 1.6) / 10,
  });
}
process.stdout.write(`${JSON.stringify({ adapter: adapter?.description, ready: Math.round(ready), rows }, null, 1)}\n`);
core.destroy();
process.exit(0);
