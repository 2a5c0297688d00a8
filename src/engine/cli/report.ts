/** `gqa-lens report MODEL --text T --out F.html`: the explorer, the comparison and a sweep as one page that works offline. */
import { Option, type Command } from 'commander';
import type { ConversionRequest } from '../../protocol/conversion';
import { defaultDiffUi, defaultExplorerUi } from '../../protocol/defaults';
import { GqaLensError } from '../../protocol/errors';
import type { ExplorerSnapshot } from '../../protocol/explorerView';
import type { ModelSummary } from '../../protocol/model';
import type { ReportSummary } from '../../protocol/report';
import { partOf } from '../../protocol/tasks';
import type { RunInput } from '../../protocol/tokens';
import { reportLanguages } from '../report/html';
import { findSweep } from '../sweep/find';
import { readTextFile } from '../textFile';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import {
  conversionRequest,
  requireInput,
  wholeNumber,
  withConversion,
  withInput,
  withJson,
  type ConversionOptions,
  type InputOptions,
} from './options';
import { facts, formatBytes, wrap } from './text';

interface ReportOptions extends CommonOptions, ConversionOptions, InputOptions {
  textFile?: string;
  maxTokens: number;
  sweep?: string;
  language: string;
  out: string;
  overwrite?: boolean;
}

/** Adds the command. */
export function addReport(program: Command, open: OpenContext): void {
  const command = withInput(withJson(program.command('report')))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Write the explorer, the comparison and a sweep as one HTML file that works offline in any browser.')
    .addOption(
      new Option('--text-file <file>', 'run on the beginning of a text file').conflicts([
        ...['text', 'ids', 'decoderText', 'decoderIds'],
      ]),
    )
    .option('--max-tokens <n>', 'longest input; longer ones are cut', wholeNumber(1), 512)
    .option('--groups <G>', 'KV heads of the conversion that is shown beside the original', wholeNumber(1))
    .option('--sweep <file>', 'include a sweep of this checkpoint, as `sweep --out F.json` wrote it')
    .addOption(
      new Option('--language <language>', 'language of the page').choices(reportLanguages).default(reportLanguages[0]),
    )
    .requiredOption('--out <file>', 'HTML file to write; at most 20 MB')
    .option('--overwrite', 'replace a report that is there');
  withConversion(command).action(async (path: string, options: ReportOptions) => {
    const input = options.textFile === undefined ? requireInput(options, command) : null;
    const context = open();
    const model = await context.openModel(path);
    await checkSweep(model, options, context);
    const setting = { engine: context.engine, modelId: model.modelId };
    const conversion = await conversionRequest(options, model.G, setting, command);
    const text = input ?? { kind: 'text' as const, text: await readTextFile(options.textFile ?? '') };
    const explorer = await snapshot(model, text, conversion, options.maxTokens, context);
    const { modelId } = model;
    const written = await context.engine.report(
      {
        modelId,
        explorer,
        diffUi: defaultDiffUi(model),
        measures: null,
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

/** What the explorer would show of a run and of its conversion. */
async function snapshot(
  model: ModelSummary,
  input: RunInput,
  conversion: ConversionRequest,
  maxTokens: number,
  { engine, task }: CommandContext,
): Promise<ExplorerSnapshot> {
  const { modelId, path: modelPath } = model;
  const registries = engine.registries();
  const request = { modelId, input, maxTokens: Math.min(maxTokens, model.maxPositions ?? maxTokens) };
  const grouping = await engine.grouping(modelId, conversion, task);
  const original = await engine.run({ ...request, conversion: null }, partOf(task, [0, 0.1]));
  const isConverted = conversion.G !== model.G;
  const converted = isConverted ? await engine.run({ ...request, conversion }, partOf(task, [0.1, 0.25])) : null;
  const compare = converted && (await engine.compare(original.runId, converted.runId, partOf(task, [0.25, 0.3])));
  const texts = { text: textOf(input), decoderText: input.decoder ? textOf(input.decoder) : '' };
  return {
    state: { modelPath, conversion, ...texts, ui: defaultExplorerUi(model, registries) },
    ...{ model, registries, grouping, original, converted, compare },
    gpu: null,
    busy: null,
    problem: null,
  };
}

function textOf(input: RunInput): string {
  return input.kind === 'text' ? input.text : input.ids.join(', ');
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
