/**
 * `gqa-lens compare MODEL_A MODEL_B` or `compare MODEL --groups G`: how far a second checkpoint, or a conversion that is not
 * written, is from an original on the same text.
 * Role: options and windows. What is measured is ../measure.ts, how it reads compareText.ts.
 */
import type { Command } from 'commander';
import type { ModelSummary } from '../../protocol/model';
import type { Tokens } from '../../protocol/tokens';
import { readTextFile, textWindows, usualWindow, usualWindowText } from '../textFile';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { describeMeasures } from './compareText';
import { requireInput, requireText, withInput, withTextFile, type InputOptions } from './inputOptions';
import {
  asksForConversion,
  conversionRequest,
  wholeNumber,
  withConversion,
  withJson,
  type ConversionOptions,
} from './options';

interface CompareOptions extends CommonOptions, ConversionOptions, InputOptions {
  windows: number;
  windowSize?: number;
  layers: boolean;
  heads?: boolean;
  decodeTokens: number;
}

/** Adds the command. */
export function addCompare(program: Command, open: OpenContext): void {
  const command = withJson(program.command('compare'))
    .argument('<model-a>', 'the original')
    .argument('[model-b]', 'what it is compared with; without it --groups converts the original in memory')
    .description(
      'Measure a second checkpoint, or a conversion of the first, against an original on a text: loss, KL, layers, cache, time.',
    );
  withTextFile(withInput(command), 'text file, run in windows one after the other')
    .option('--windows <n>', 'how many windows of the file', wholeNumber(1), 16)
    .option('--window-size <n>', `tokens a window (default: ${usualWindowText})`, wholeNumber(2))
    .option('--groups <G>', 'compare with a conversion of the original to this many KV heads', wholeNumber(1))
    .option('--no-layers', 'leave out attention maps, attention outputs and residual streams of the layers: faster')
    .option('--heads', 'also print the divergence of every head')
    .option('--decode-tokens <n>', 'decoded tokens whose time is taken; 0 takes none', wholeNumber(0), 32);
  withConversion(command).action(async (pathA: string, pathB: string | undefined, options: CompareOptions) => {
    requireText(options, command);
    if (asksForConversion(command) === (pathB !== undefined)) {
      command.error('error: give either a second checkpoint or --groups G, which converts the first one in memory', {
        exitCode: 2,
      });
    }
    const context = open();
    const a = await context.openModel(pathA);
    const b = pathB === undefined ? a : await context.openModel(pathB);
    const setting = { engine: context.engine, modelId: a.modelId };
    const conversion = pathB === undefined ? await conversionRequest(options, null, setting, command) : null;
    const measures = await context.engine.measure(
      {
        a: { modelId: a.modelId, conversion: null },
        b: { modelId: b.modelId, conversion },
        windows: await readWindows(a, b, options, context, command),
        detail: options.layers,
        timedTokens: options.decodeTokens,
      },
      context.task,
    );
    context.print(options, measures, describeMeasures(measures, options));
  });
}

/** What to run: one text, or the windows of a file. Tokens are made once, so that both models run on the same ones. */
async function readWindows(
  a: ModelSummary,
  b: ModelSummary,
  options: CompareOptions,
  { engine, task }: CommandContext,
  command: Command,
): Promise<Tokens[]> {
  const longest = Math.min(a.maxPositions ?? Infinity, b.maxPositions ?? Infinity);
  const { modelId } = a.hasTokenizer ? a : b;
  if (options.textFile !== undefined) {
    const model = engine.model(modelId);
    const size = options.windowSize ?? Math.min(usualWindow(model), longest);
    return textWindows(model, await readTextFile(options.textFile), options.windows, size);
  }
  return [await engine.tokens(modelId, requireInput(options, command), longest, task)];
}
