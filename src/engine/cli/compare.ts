/** `gqa-lens compare MODEL_A MODEL_B`: what changes between two checkpoints on the same text. */
import { Option, type Command } from 'commander';
import { GqaLensError } from '../../protocol/errors';
import type { CompareSummary, ModelSummary, RunInput, RunSummary } from '../../protocol/model';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { tokenIds, wholeNumber, withJson } from './options';
import { formatBytes, formatChange, formatCount, table } from './text';
import { readTextFile, textWindows, usualWindow } from '../textFile';

interface CompareOptions extends CommonOptions {
  text?: string;
  ids?: number[];
  textFile?: string;
  windows: number;
  windowSize?: number;
}

/** One model's numbers over all windows. */
interface Side {
  model: string;
  loss: number | null;
  perplexity: number | null;
  kvCacheBytesPerToken: number;
  parameters: number;
}

interface Comparison {
  a: Side;
  b: Side;
  klMean: number;
  top1Agreement: number;
  tokens: number;
  windows: number;
  adapter: string;
}

/** Adds the command. */
export function addCompare(program: Command, open: OpenContext): void {
  withJson(program.command('compare'))
    .argument('<model-a>', 'the original')
    .argument('<model-b>', 'what it is compared with')
    .description('Run two checkpoints on the same text: loss, perplexity, KL, top-1 agreement, KV cache.')
    .addOption(new Option('--text <text>', 'text to run on').conflicts(['ids', 'textFile']))
    .addOption(new Option('--ids <ids>', 'token ids to run on: 1,2,3').argParser(tokenIds).conflicts('textFile'))
    .option('--text-file <file>', 'text file, run in windows one after the other')
    .option('--windows <n>', 'how many windows of the file', wholeNumber(1), 16)
    .option('--window-size <n>', `tokens a window (default: ${usualWindow}, or what the model takes)`, wholeNumber(2))
    .action(async (pathA: string, pathB: string, options: CompareOptions, command: Command) => {
      if (options.text === undefined && options.ids === undefined && options.textFile === undefined) {
        command.error('error: give the input with --text TEXT, --text-file FILE or --ids 1,2,3', { exitCode: 2 });
      }
      const context = open();
      const a = await context.openModel(pathA);
      const b = await context.openModel(pathB);
      if (a.V !== b.V) {
        throw new GqaLensError('input-invalid', 'The two models have different vocabularies', {
          expected: `${a.V} tokens, as ${a.name}`,
          found: `${b.V} tokens in ${b.name}`,
        });
      }
      const inputs = await readInputs(a, b, options, context);
      const comparison = await compareOn(inputs, a, b, context);
      context.print(options, comparison, describe(comparison));
    });
}

/** What to run: one text, or the windows of a file. */
async function readInputs(
  a: ModelSummary,
  b: ModelSummary,
  options: CompareOptions,
  { engine }: CommandContext,
): Promise<RunInput[]> {
  if (options.text !== undefined) return [{ kind: 'text', text: options.text }];
  if (options.ids !== undefined) return [{ kind: 'ids', ids: options.ids }];
  const size =
    options.windowSize ?? Math.min(usualWindow, a.maxPositions ?? usualWindow, b.maxPositions ?? usualWindow);
  const model = engine.model((a.hasTokenizer ? a : b).modelId);
  const windows = textWindows(model, await readTextFile(options.textFile ?? ''), options.windows, size);
  return windows.map((ids) => ({ kind: 'ids', ids }));
}

async function compareOn(
  inputs: readonly RunInput[],
  a: ModelSummary,
  b: ModelSummary,
  { engine, task }: CommandContext,
): Promise<Comparison> {
  const windows: CompareSummary[] = [];
  for (const [index, input] of inputs.entries()) {
    task.report(`Window ${index + 1} of ${inputs.length}`, index / inputs.length);
    windows.push(await compareWindow(input, a, b, { engine, task: { ...task, report: () => undefined } }));
  }
  const tokens = windows.reduce((sum, window) => sum + window.a.tokens.length, 0);
  /** Mean over windows, each counting as much as it has positions. */
  const overall = (value: (window: CompareSummary) => number, shorter = 0): number => {
    const weight = (window: CompareSummary): number => window.a.tokens.length - shorter;
    const total = windows.reduce((sum, window) => sum + weight(window), 0);
    return windows.reduce((sum, window) => sum + weight(window) * value(window), 0) / total;
  };
  const side = (pick: (window: CompareSummary) => RunSummary, model: ModelSummary): Side => {
    // A window of one token has nothing to predict.
    const loss = windows.every((window) => pick(window).loss !== null)
      ? overall((window) => pick(window).loss ?? NaN, 1)
      : null;
    const { kvCacheBytesPerToken, parameters } = model;
    return {
      model: model.name,
      loss,
      perplexity: loss === null ? null : Math.exp(loss),
      kvCacheBytesPerToken,
      parameters,
    };
  };
  return {
    a: side((window) => window.a, a),
    b: side((window) => window.b, b),
    klMean: overall((window) => window.klMean),
    top1Agreement: overall((window) => window.top1Agreement),
    tokens,
    windows: windows.length,
    adapter: windows[0]?.a.adapter ?? '',
  };
}

async function compareWindow(
  input: RunInput,
  a: ModelSummary,
  b: ModelSummary,
  { engine, task }: Pick<CommandContext, 'engine' | 'task'>,
): Promise<CompareSummary> {
  const limit = Math.min(a.maxPositions ?? Infinity, b.maxPositions ?? Infinity);
  const maxTokens = Number.isFinite(limit) ? limit : Number.MAX_SAFE_INTEGER;
  // The text becomes tokens once, so that both models run on the same ones.
  const runA = await engine.run({ modelId: a.modelId, input, conversion: null, maxTokens }, task);
  try {
    const ids = runA.tokens.map(({ id }) => id);
    const runB = await engine.run(
      { modelId: b.modelId, input: { kind: 'ids', ids }, conversion: null, maxTokens },
      task,
    );
    try {
      return await engine.compare(runA.runId, runB.runId, task);
    } finally {
      engine.release(runB.runId);
    }
  } finally {
    engine.release(runA.runId);
  }
}

function describe({ a, b, klMean, top1Agreement, tokens, windows, adapter }: Comparison): string {
  const decimals = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
  const rows = [
    ['', a.model, b.model, 'change'],
    ['loss (nats)', decimals(a.loss, 4), decimals(b.loss, 4), signed((b.loss ?? NaN) - (a.loss ?? NaN))],
    [
      'perplexity',
      decimals(a.perplexity, 2),
      decimals(b.perplexity, 2),
      formatChange(a.perplexity ?? NaN, b.perplexity ?? NaN),
    ],
    [
      'KV cache a token',
      formatBytes(a.kvCacheBytesPerToken),
      formatBytes(b.kvCacheBytesPerToken),
      formatChange(a.kvCacheBytesPerToken, b.kvCacheBytesPerToken),
    ],
    ['parameters', formatCount(a.parameters), formatCount(b.parameters), formatChange(a.parameters, b.parameters)],
  ];
  const between = `KL ${klMean.toFixed(4)} nats a token · top-1 agreement ${(100 * top1Agreement).toFixed(1)} %`;
  const where = `${tokens} tokens in ${windows} window${windows === 1 ? '' : 's'} · ${adapter}`;
  return `${table(rows, 'lrrr')}\n\n${between}\n${where}`;
}

function signed(difference: number): string {
  if (Number.isNaN(difference)) return '–';
  return `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(4)}`;
}
