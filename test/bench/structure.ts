/**
 * How long the structure of a file of very many tensors takes, from the engine's file to the rows of the page:
 * node test/bench/run.mjs structure [tensors]. Milliseconds, first and median of five; CPU time of this process beside wall time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { Structures } from '../../src/engine/structures';
import { quietTask } from '../../src/protocol/tasks';
import { TensorList } from '../../webview/structure/tensorList';
import { usualUi } from '../../webview/structure/ui';
import { writeManyTensors } from '../support/manyTensors';

const repeats = 6;
const count = Number(process.argv[2] ?? 100_000);
const times = new Map<string, { wall: number; cpu: number }[]>();

async function time<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result> {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  const taken = { wall: performance.now() - wall, cpu: (user + system) / 1000 };
  times.set(what, [...(times.get(what) ?? []), taken]);
  return result;
}

const folder = await mkdtemp(join(tmpdir(), 'gqa-lens-bench-'));
let bytes = 0;
try {
  const file = join(folder, 'many.safetensors');
  const last = (await writeManyTensors(file, count)).at(-1) ?? '';
  for (let repeat = 0; repeat < repeats; repeat++) {
    const structures = new Structures();
    const { tensors } = await time('engine: header to columns', () => structures.read(file, quietTask));
    await time('engine: statistics of one', () => structures.statistics(file, last, quietTask));
    await structures.close(file);
    const copied = await time('process border', () => {
      const message = serialize(tensors);
      bytes = message.byteLength;
      return deserialize(message) as typeof tensors;
    });
    const list = await time('page: columns to rows', () => {
      const made = new TensorList(copied);
      made.rows(usualUi);
      return made;
    });
    await time('page: filter', () => list.rows({ ...usualUi, filter: `${repeat} part.7` }));
    await time('page: sort', () => list.rows({ ...usualUi, grouped: false, sortBy: 'bytes', sortDescending: true }));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const shown = (value: number | undefined): string => (value ?? NaN).toFixed(1).padStart(8);
console.log(`${count} tensors; a message of ${(bytes / 1e6).toFixed(1)} MB`);
console.log(`${''.padEnd(28)}   first    later  CPU, first  CPU, later`);
for (const [what, [first, ...later]] of times) {
  const cells = [first?.wall, median(later.map(({ wall }) => wall)), first?.cpu, median(later.map(({ cpu }) => cpu))];
  console.log(`${what.padEnd(28)}${cells.map(shown).join('   ')}`);
}
