/**
 * Losses of conversions of the sample, method by G: the table of BENCHMARKS.md.
 * Run: node test/bench/run.mjs conversions TEXT_FILE [windows] [merge,merge…] [G,G…] [grouping,grouping…]
 */
import { EngineCore } from '../../src/engine/core';
import { readTextFile, textWindows } from '../../src/engine/textFile';
import { optionsFromEnvironment } from '../../src/engine/options';
import { decoderTokens } from '../../src/model/tokens';
import { quietTask } from '../../src/protocol/tasks';

const [file = '', count = '16', merges = 'mean', groups = '4,2,1', groupings = 'contiguous'] = process.argv.slice(2);
const engine = new EngineCore(optionsFromEnvironment(process.env));
const { modelId, maxPositions } = await engine.open('media/sample', quietTask);
const model = engine.model(modelId);
const windows = textWindows(model, await readTextFile(file), Number(count), Math.min(512, maxPositions ?? 512));
const verbose = { signal: quietTask.signal, report: () => undefined };

for (const grouping of groupings.split(',')) {
  for (const merge of merges.split(',')) {
    for (const G of groups.split(',').map(Number)) {
      const conversion = { G, grouping, merge };
      const start = performance.now();
      await engine.prepare(modelId, conversion, verbose);
      const seconds = (performance.now() - start) / 1000;
      let [loss, original, kl, top1] = [0, 0, 0, 0];
      for (const tokens of windows) {
        const input = { kind: 'ids' as const, ids: [...decoderTokens(tokens)] };
        const a = await engine.run({ modelId, input, conversion: null, maxTokens: 512 }, verbose);
        const b = await engine.run({ modelId, input, conversion, maxTokens: 512 }, verbose);
        const compared = await engine.compare(a.runId, b.runId, verbose);
        loss += (b.loss ?? NaN) / windows.length;
        original += (a.loss ?? NaN) / windows.length;
        kl += compared.klMean / windows.length;
        top1 += compared.top1Agreement / windows.length;
        engine.release(a.runId);
        engine.release(b.runId);
      }
      const cells = [grouping, merge, G, loss.toFixed(4), original.toFixed(4), kl.toFixed(4), top1.toFixed(4)];
      process.stdout.write(`${[...cells, `${seconds.toFixed(1)} s`].join('\t')}\n`);
    }
  }
}
process.exit(0);
