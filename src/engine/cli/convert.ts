/** `gqa-lens convert MODEL --groups G --out DIR`: writes a checkpoint with fewer KV heads. */
import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import type { ConversionRequest } from '../../protocol/conversion';
import type { ExportDtype, ExportFormat, ExportSummary, MeasuredText } from '../../protocol/exports';
import type { ModelSummary } from '../../protocol/model';
import { measuredWindows, readTextFile } from '../textFile';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { conversionRequest, wholeNumber, withConversion, withJson, type ConversionOptions } from './options';
import { facts, formatBytes, formatChange, wrap } from './text';

interface ConvertOptions extends CommonOptions, ConversionOptions {
  out: string;
  overwrite?: boolean;
  dtype?: ExportDtype;
  format: ExportFormat;
  measure?: string;
  windows: number;
  windowSize?: number;
}

/** What was written. */
interface Conversion extends Omit<ExportSummary, 'folder' | 'bytes'> {
  model: string;
  out: string;
  groups: { before: number; after: number };
  grouping: string;
  merge: string;
  dtype: { before: string; after: string };
  bytes: { before: number; after: number };
  kvCacheBytesPerToken: { before: number; after: number };
}

const dtypes: readonly ExportDtype[] = ['f32', 'f16', 'bf16'];
const formats: readonly ExportFormat[] = ['same', 'equivalent'];

/** Adds the command. */
export function addConvert(program: Command, open: OpenContext): void {
  const command = withJson(program.command('convert'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Write a checkpoint with fewer KV heads, as a folder that Hugging Face transformers loads.')
    .option(
      '--groups <G>',
      'KV heads after conversion; must divide those of the model, unless a grouping file says them',
      wholeNumber(1),
    )
    .requiredOption('--out <folder>', 'folder to write; appears whole or not at all')
    .option('--overwrite', 'replace a checkpoint folder that is there, once the new one is complete')
    .addOption(
      new Option(
        '--dtype <type>',
        'store all weights as this type (default: each as it is, quantised ones as f32)',
      ).choices(dtypes),
    )
    .addOption(
      new Option('--format <format>', 'where the own format cannot say G: repeat heads in it, or use an equivalent one')
        .choices(formats)
        .default('same'),
    )
    .option('--measure <file>', 'measure the conversion on a text file, for README.md and gqa-lens.json; uses the GPU')
    .option('--windows <n>', 'how many windows of that file', wholeNumber(1), 16)
    .option('--window-size <n>', 'tokens a window (default: 512, or what the model takes)', wholeNumber(2));
  withConversion(command).action(async (path: string, options: ConvertOptions) => {
    const context = open();
    const before = await context.openModel(path);
    const { engine } = context;
    const conversion = await conversionRequest(options, null, { engine, modelId: before.modelId }, command);
    const written = await engine.exportConversion(
      {
        modelId: before.modelId,
        conversion,
        folder: options.out,
        overwrite: options.overwrite === true,
        dtype: options.dtype ?? null,
        format: options.format,
        measure: await measured(before, options, context),
      },
      context.task,
    );
    // What was written is read again: the numbers are those of the files.
    const after = await context.openModel(written.folder);
    const result = summarise(before, after, written, conversion);
    context.print(options, result, describe(result, options.grouping));
  });
}

async function measured(
  { modelId }: ModelSummary,
  { measure, windows, windowSize }: ConvertOptions,
  { engine }: CommandContext,
): Promise<MeasuredText | null> {
  if (measure === undefined) return null;
  const text = await readTextFile(measure);
  return { name: basename(measure), windows: measuredWindows(engine.model(modelId), text, windows, windowSize) };
}

function summarise(
  before: ModelSummary,
  after: ModelSummary,
  { folder, bytes: _bytes, ...written }: ExportSummary,
  { G, grouping, merge }: ConversionRequest,
): Conversion {
  return {
    model: before.name,
    out: folder,
    groups: { before: before.G, after: G },
    grouping,
    merge,
    dtype: { before: before.dtype, after: after.dtype },
    bytes: { before: before.bytesOnDisk, after: after.bytesOnDisk },
    // Of numbers as wide as before: the type that weights are written in does not choose that of the cache.
    kvCacheBytesPerToken: {
      before: before.kvCacheBytesPerToken,
      after: (before.kvCacheBytesPerToken * after.G) / before.G,
    },
    ...written,
  };
}

function describe(conversion: Conversion, grouping: string): string {
  const change = ({ before, after }: { before: number; after: number }): string =>
    `${formatBytes(before)} → ${formatBytes(after)} (${formatChange(before, after)})`;
  const { groups, merge, dtype, bytes, kvCacheBytesPerToken, calibration, measures, notes } = conversion;
  const decimals = (value: number | null): string => (value === null ? '–' : value.toFixed(4));
  const text = facts([
    ['KV heads', `${groups.before} → ${groups.after} (${grouping}, ${merge})`],
    ...(calibration === null ? [] : [['solved on', calibration] as const]),
    ...(dtype.before === dtype.after ? [] : [['dtype', `${dtype.before} → ${dtype.after}`] as const]),
    ['on disk', change(bytes)],
    ...(kvCacheBytesPerToken.before === 0 ? [] : [['KV cache', `${change(kvCacheBytesPerToken)} a token`] as const]),
    ...(measures === null
      ? []
      : [
          ['loss', `${decimals(measures.a.loss)} → ${decimals(measures.b.loss)} nats`] as const,
          [
            'measured',
            `KL ${decimals(measures.klMean)}, top-1 ${(100 * measures.top1Agreement).toFixed(1)} %, ${measures.tokens} tokens`,
          ] as const,
        ]),
    ['written', `${conversion.out}: ${conversion.files.join(', ')}`],
  ]);
  return [text, ...notes.map((note) => wrap(note))].join('\n\n');
}
