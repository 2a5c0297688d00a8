/** `gqa-lens report MODEL --text T --out F.html`: the explorer, the comparison and a sweep as one page that works offline. */
import { Option, type Command } from 'commander';
import { GqaLensError } from '../../protocol/errors';
import type { ModelSummary } from '../../protocol/model';
import type { ReportSummary } from '../../protocol/report';
import { partOf } from '../../protocol/tasks';
import { reportLanguages } from '../report/html';
import { findSweep } from '../sweep/find';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { readInput, requireText, withInput, withTextFile, type InputOptions } from './inputOptions';
import {
  asksForConversion,
  conversionRequest,
  wholeNumber,
  withConversion,
  withJson,
  type ConversionOptions,
} from './options';
import { compareSides, runExplorer } from './reportRuns';
import { facts, formatBytes, wrap } from './text';

interface ReportOptions extends CommonOptions, ConversionOptions, InputOptions {
  maxTokens: number;
  sweep?: string;
  language: string;
  out: string;
  overwrite?: boolean;
}

/** Adds the command. */
export function addReport(program: Command, open: OpenContext): void {
  const command = withJson(program.command('report'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .argument(
      '[model-b]',
      'another checkpoint that it is compared with; without it --groups converts the first in memory',
    )
    .description('Write the explorer, the comparison and a sweep as one HTML file that works offline in any browser.');
  withTextFile(withInput(command), 'run on the beginning of a text file')
    .option('--max-tokens <n>', 'longest input; longer ones are cut', wholeNumber(1), 512)
    .option('--groups <G>', 'KV heads of the conversion that is shown beside the original', wholeNumber(1))
    .option('--sweep <file>', 'include a sweep of this checkpoint, as `sweep --out F.json` wrote it')
    .addOption(
      new Option('--language <language>', 'language of the page').choices(reportLanguages).default(reportLanguages[0]),
    )
    .requiredOption('--out <file>', 'HTML file to write; at most 20 MB')
    .option('--overwrite', 'replace a report that is there');
  withConversion(command).action(async (path: string, pathB: string | undefined, options: ReportOptions) => {
    requireText(options, command);
    if (asksForConversion(command) && pathB !== undefined) {
      command.error('error: give either a second checkpoint or --groups G, which converts the first one in memory', {
        exitCode: 2,
      });
    }
    const context = open();
    const model = await context.openModel(path);
    const other = pathB === undefined ? null : await context.openModel(pathB);
    await checkSweep(model, options, context);
    const setting = { engine: context.engine, modelId: model.modelId };
    const conversion = await conversionRequest(options, model.G, setting, command);
    const input = await readInput(options, command);
    const explorer = await runExplorer(model, input, conversion, options.maxTokens, context);
    const written = await context.engine.report(
      {
        modelId: model.modelId,
        explorer,
        comparison: await compareSides(explorer, input, other, context),
        sweeps: options.sweep === undefined ? [] : [options.sweep],
        language: options.language,
        file: options.out,
        overwrite: options.overwrite === true,
      },
      partOf(context.task, [0.3, 1]),
    );
    context.print(options, written, describe(written));
  });
}

/** A sweep of other weights must not come to light after minutes. */
async function checkSweep(
  { modelId, name }: ModelSummary,
  { sweep }: ReportOptions,
  { engine }: CommandContext,
): Promise<void> {
  if (sweep === undefined) return;
  const { model } = await engine.readSweep(sweep);
  if ((await findSweep([sweep], engine.model(modelId))) !== null) return;
  throw new GqaLensError('input-invalid', 'The sweep is of another checkpoint, or its files have changed since', {
    file: sweep,
    expected: `a sweep of ${name} as it is now`,
    found: `a sweep of ${model.name}`,
    next: 'Run the sweep again with --out F.json.',
  });
}

function describe({ file, bytes, pages, leftOut }: ReportSummary): string {
  const text = facts([
    ['written', file],
    ['size', formatBytes(bytes)],
    ['pages', pages.join(', ')],
  ]);
  return [text, ...leftOut.map((sentence) => wrap(`Not in it: ${sentence}`))].join('\n');
}
