/**
 * Losses of conversions of the sample, grouping by merge by G: the table of BENCHMARKS.md, and with --out the rows as JSON.
 * Run: node test/bench/run.mjs conversions TEXT_FILE [--windows 16] [--merges mean,pca] [--groups 4,2,1]
 *   [--groupings contiguous,similarity] [--tokens 8192] [--model media/sample] [--out FILE.json]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Conversions } from '../../src/engine/conversions';
import { EngineGpu } from '../../src/engine/gpu';
import { TextMeasurer, type Measurable } from '../../src/engine/measure';
import { ModelRegistry } from '../../src/engine/models';
import { optionsFromEnvironment } from '../../src/engine/options';
import { modelSizes } from '../../src/engine/sizes';
import { measuredWindows } from '../../src/engine/textFile';
import { merges } from '../../src/gqa/merge';
import type { WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';

/** A row of the table. Losses in nats a token; seconds of solving, without those of the grouping and the calibration text. */
interface Row {
  grouping: string;
  merge: string;
  G: number;
  loss: number | null;
  klMean: number;
  top1Agreement: number;
  /** Tokens of calibration; null where none were needed. */
  tokens: number | null;
  seconds: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    windows: { type: 'string', default: '16' },
    merges: { type: 'string', default: merges.map(({ id }) => id).join(',') },
    groups: { type: 'string', default: '4,2,1' },
    groupings: { type: 'string', default: 'contiguous' },
    tokens: { type: 'string', default: '8192' },
    model: { type: 'string', default: 'media/sample' },
    out: { type: 'string' },
  },
});
const text = readFileSync(positionals[0] ?? '', 'utf8');
const gpu = new EngineGpu(optionsFromEnvironment(process.env), () => undefined);
const conversions = new Conversions(gpu);
const model = await new ModelRegistry().open(values.model, quietTask);
const ready = await gpu.ready();
const windows = measuredWindows(model, text, Number(values.windows));
const measurable = (source: WeightSource): Measurable => ({
  name: '',
  conversion: null,
  source,
  sizes: modelSizes(model, source),
});
const measurer = new TextMeasurer(ready, measurable(model.runnable.source), {
  windows,
  token: (id) => ({ id, text: '' }),
  detail: false,
  timedTokens: 0,
});

/** Seconds that some work took, and what came of it. */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1000];
}

const tell = (...cells: (string | number)[]): boolean => process.stdout.write(`${cells.join('\t')}\n`);
const calibration = { file: null, tokens: Number(values.tokens) };
const rows: Row[] = [];
let original: number | null = null;
tell(`${ready.name}, ${windows.length} windows`);
for (const grouping of values.groupings.split(',')) {
  for (const G of values.groups.split(',').map(Number)) {
    for (const id of values.merges.split(',')) {
      const merge = merges.find((method) => method.id === id);
      if (!merge) throw new Error(`there is no merge ${id}`);
      const request = { G, grouping, merge: id, calibration };
      const [, preparing] = await timed(async () => {
        await conversions.grouping(model, request, quietTask);
        if (merge.needsText) await conversions.calibration(model, request, quietTask);
      });
      if (preparing > 0.1) tell(`prepared in ${preparing.toFixed(1)} s`);
      const start = performance.now();
      await conversions.useOnce(model, request, quietTask, async ({ source }) => {
        const seconds = (performance.now() - start) / 1000;
        const { a, b, klMean, top1Agreement } = await measurer.measure(measurable(source), quietTask);
        original = a.loss;
        const tokens = merge.needsText ? calibration.tokens : null;
        rows.push({ grouping, merge: id, G, loss: b.loss, klMean, top1Agreement, tokens, seconds });
        const numbers = [b.loss ?? NaN, klMean, top1Agreement].map((value) => value.toFixed(4));
        tell(grouping, id, G, ...numbers, `${seconds.toFixed(1)} s`);
      });
      const table = { adapter: ready.name, date: new Date().toISOString().slice(0, 10), windows: windows.length };
      if (values.out) writeFileSync(values.out, `${JSON.stringify({ ...table, original, rows }, null, 1)}\n`);
    }
  }
}
measurer.destroy();
process.exit(0);
