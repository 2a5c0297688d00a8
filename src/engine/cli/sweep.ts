/** `gqa-lens sweep MODEL`: quality, KV cache and parameters for every number of KV heads and every method. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { namedGroupings } from '../../gqa/grouping';
import { merges } from '../../gqa/merge';
import type { MethodInfo } from '../../protocol/methods';
import type { SweepRequest, SweepText } from '../../protocol/sweep';
import { sweepFormat } from '../sweep/file';
import { sweepLanguages } from '../sweep/html';
import type { SweepOutput } from '../sweep/toFile';
import { usualWindowText } from '../textFile';
import type { CommonOptions, OpenContext } from './command';
import { inputOptions, requireInput, withInput, withTextFile, type InputOptions } from './inputOptions';
import { calibrationOf, methodHelp, wholeNumber, withCalibration, withJson, type CalibrationOptions } from './options';
import { describeSweep } from './sweepText';

interface SweepOptions extends CommonOptions, InputOptions, CalibrationOptions {
  excerpt?: boolean;
  groups: number[];
  merge: string[];
  grouping: string[];
  windows: number;
  windowSize?: number;
  decodeTokens: number;
  out?: string;
  resume?: boolean;
  force?: boolean;
  language: string;
}

const preferredGrouping = 'contiguous';

/** Adds the command. */
export function addSweep(program: Command, open: OpenContext): void {
  const command = withJson(program.command('sweep'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Measure every number of KV heads and every method: loss, KL, top-1 agreement, KV cache, parameters.');
  withTextFile(withCalibration(withInput(command)), 'text file, measured in windows one after the other')
    .addOption(
      new Option('--excerpt', 'measure on the excerpt that comes with GQA Lens').conflicts([
        ...inputOptions,
        'textFile',
      ]),
    )
    .option('--windows <n>', 'how many windows of the text', wholeNumber(1), 16)
    .option('--window-size <n>', `tokens a window (default: ${usualWindowText})`, wholeNumber(2))
    .addOption(
      new Option('--groups <G,…>', 'numbers of KV heads')
        .argParser(numberList)
        .default([], 'every one that divides those of the model'),
    )
    .addOption(
      methodList('--merge <method,…>', 'what the shared head becomes; "all" is every one', merges).default(
        [],
        'those that need no text; with --calibrate all',
      ),
    )
    .addOption(
      methodList('--grouping <method,…>', 'which heads share; "all" is every one', namedGroupings).default(
        [preferredGrouping],
        preferredGrouping,
      ),
    )
    .option('--decode-tokens <n>', 'also time this many decoded tokens', wholeNumber(1), 0)
    .option('--out <file>', 'write the result as .json, .csv or .html, again after every row')
    .option('--resume', 'go on with what --out holds: rows that are there are not computed again')
    .option('--force', 'overwrite --out')
    .addOption(
      new Option('--language <language>', 'language of an .html page')
        .choices(sweepLanguages)
        .default(sweepLanguages[0]),
    );
  command
    .addHelpText('after', methodHelp('Merges', merges))
    .addHelpText('after', methodHelp('Groupings', namedGroupings))
    .action(async (path: string, options: SweepOptions) => {
      const out = readOut(options, command);
      const hasFile = options.textFile !== undefined || options.excerpt === true;
      const input = hasFile ? null : requireInput(options, command);
      const { engine, openModel, task, print } = open();
      const { modelId, maxPositions } = await openModel(path);
      const longest = maxPositions ?? Infinity;
      const text: SweepText =
        input === null
          ? fileText(options)
          : { kind: 'tokens', windows: [await engine.tokens(modelId, input, longest, task)] };
      const request = { ...methodsOf(options), text };
      const result = await engine.sweep(modelId, request, out, () => undefined, task);
      print(options, result, describeSweep(result));
    });
}

function methodsOf(options: SweepOptions): Omit<SweepRequest, 'text'> {
  const { groups, grouping, merge, decodeTokens, calibrate } = options;
  return {
    groups,
    groupings: grouping,
    merges: merge.length > 0 ? merge : usualMerges(calibrate !== undefined),
    timedTokens: decodeTokens,
    ...calibrationOf(options),
  };
}

function fileText({ textFile, windows, windowSize }: SweepOptions): SweepText {
  return { kind: 'file', file: textFile ?? null, windows, windowSize: windowSize ?? null };
}

/** Where the result goes. A wrong ending is a usage error: it must not come to light after hours. */
function readOut({ out, resume, force, language }: SweepOptions, command: Command): SweepOutput['out'] {
  if (out === undefined) {
    if (resume !== true && force !== true) return null;
    return command.error('error: --resume and --force need --out FILE', { exitCode: 2 });
  }
  try {
    sweepFormat(out);
  } catch (error) {
    return command.error(`error: ${(error as Error).message}`, { exitCode: 2 });
  }
  return { file: out, existing: force === true ? 'replace' : resume === true ? 'resume' : 'refuse', language };
}

/** Methods that solve on a text cost more: they are left out unless a text is given for them. */
function usualMerges(hasText: boolean): string[] {
  return merges.filter(({ needsText }) => hasText || needsText !== true).map(({ id }) => id);
}

/** Reads numbers of KV heads: "8,4,2,1". */
function numberList(text: string): number[] {
  return text.split(',').map((part) => wholeNumber(1)(part.trim()));
}

/** An option whose value is a list of ids of a registry. */
function methodList(flags: string, what: string, methods: readonly MethodInfo[]): Option {
  const known = methods.map(({ id }) => id);
  return new Option(flags, what).argParser((text) => {
    const ids = text.split(',').map((part) => part.trim());
    const wrong = ids.find((id) => id !== 'all' && !known.includes(id));
    if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${known.join(', ')}.`);
    return ids.includes('all') ? known : ids;
  });
}
