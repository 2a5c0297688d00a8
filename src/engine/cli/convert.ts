/** `gqa-lens convert MODEL --groups G --out DIR`: writes a checkpoint with fewer KV heads. Needs no GPU. */
import type { Command } from 'commander';
import { exportConversion } from '../../checkpoint/exportCheckpoint';
import type { ModelSummary } from '../../protocol/model';
import type { CommonOptions, OpenContext } from './command';
import { conversionRequest, wholeNumber, withConversion, withJson, type ConversionOptions } from './options';
import { facts, formatBytes, formatChange } from './text';

interface ConvertOptions extends CommonOptions, ConversionOptions {
  out: string;
}

/** What was written. */
interface Conversion {
  model: string;
  out: string;
  files: string[];
  groups: { before: number; after: number };
  bytes: { before: number; after: number };
  kvCacheBytesPerToken: { before: number; after: number };
  /** The file format cannot say G: each pooled head is stored once for every head that shares it. */
  repeatsHeads: boolean;
}

/** Adds the command. */
export function addConvert(program: Command, open: OpenContext): void {
  const command = withJson(program.command('convert'))
    .argument('<model>', 'checkpoint folder, .safetensors file, or index file')
    .description(
      'Write a checkpoint with fewer KV heads, as a folder that Hugging Face transformers loads. Needs no GPU.',
    )
    .option(
      '--groups <G>',
      'KV heads after conversion; must divide those of the model, unless a grouping file says them',
      wholeNumber(1),
    )
    .requiredOption('--out <folder>', 'folder to write; must not exist');
  withConversion(command).action(async (path: string, options: ConvertOptions) => {
    const { engine, openModel, task, print } = open();
    const before = await openModel(path);
    const { checkpoint, runnable } = engine.model(before.modelId);
    const request = await conversionRequest(options, null, { engine, modelId: before.modelId }, command);
    const { source, grouping } = await engine.prepare(before.modelId, request, task);
    const { folder, files, repeatsHeads } = await exportConversion({
      checkpoint,
      source,
      original: runnable.source,
      outFolder: options.out,
      provenance: {
        sourceName: before.name,
        grouping: request.grouping,
        merge: options.merge,
        groupOfKvHead: grouping.groupOfKvHead,
        date: new Date(),
      },
      signal: task.signal,
      report: (message, fraction) => task.report(message, fraction),
    });
    // What was written is read again: the numbers are those of the files.
    const after = await openModel(folder);
    const conversion = summarise(before, after, { out: folder, files, repeatsHeads, G: request.G });
    print(options, conversion, describe(conversion, options));
  });
}

function summarise(
  before: ModelSummary,
  after: ModelSummary,
  { out, files, repeatsHeads, G }: { out: string; files: string[]; repeatsHeads: boolean; G: number },
): Conversion {
  return {
    model: before.name,
    out,
    files,
    groups: { before: before.G, after: G },
    bytes: { before: before.bytesOnDisk, after: after.bytesOnDisk },
    kvCacheBytesPerToken: { before: before.kvCacheBytesPerToken, after: after.kvCacheBytesPerToken },
    repeatsHeads,
  };
}

function describe(conversion: Conversion, { grouping, merge }: ConvertOptions): string {
  const change = ({ before, after }: { before: number; after: number }): string =>
    `${formatBytes(before)} → ${formatBytes(after)} (${formatChange(before, after)})`;
  const { groups, bytes, kvCacheBytesPerToken, repeatsHeads, out, files } = conversion;
  const text = facts([
    ['KV heads', `${groups.before} → ${groups.after} (${grouping}, ${merge})`],
    ['on disk', change(bytes)],
    ['KV cache', `${change(kvCacheBytesPerToken)} a token`],
    ['written', `${out}: ${files.join(', ')}`],
  ]);
  if (!repeatsHeads) return text;
  return `${text}

This family's format has no field for the number of KV heads. Each pooled head is stored once for every head that shares
it: the model computes what ${groups.after} KV heads compute, but neither files nor cache are smaller.`;
}
