/** What a report of the command line is of: the runs that panels would show, made here. The command is report.ts. */
import type { ConversionRequest } from '../../protocol/conversion';
import { defaultDiffUi, defaultExplorerUi } from '../../protocol/defaults';
import type { ExplorerSnapshot } from '../../protocol/explorerView';
import type { ModelSummary } from '../../protocol/model';
import type { ReportComparison } from '../../protocol/report';
import { inputOf, tokensOf } from '../../protocol/runTokens';
import { sideViews, usualSides, type DiffSides } from '../../protocol/sides';
import { partOf } from '../../protocol/tasks';
import type { RunInput } from '../../protocol/tokens';
import type { CommandContext } from './command';

/** What the explorer would show of a run and of its conversion. */
export async function runExplorer(
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

/**
 * What the comparison would show: the conversion, or another checkpoint on the same tokens.
 * @param input what the explorer's runs are of
 * @param other null: the explorer's conversion
 * @returns null where nothing is compared
 * @throws GqaLensError input-invalid when the other checkpoint cannot be compared on these tokens
 */
export async function compareSides(
  { model, original, state, registries, compare }: ExplorerSnapshot,
  input: RunInput,
  other: ModelSummary | null,
  { engine, task }: CommandContext,
): Promise<ReportComparison | null> {
  const shown = { model, conversion: state.conversion, registries };
  const common = { ui: defaultDiffUi(model), measures: null };
  if (other === null || original === null) {
    return compare && { ...common, compare, sides: sideViews(usualSides, shown) };
  }
  // Token ids that were given are of both: only what was read by a tokenizer may be read otherwise by the other one.
  const texts = [input, input.decoder].flatMap((given) => (given?.kind === 'text' ? [given.text] : []));
  engine.checkTogether(model.modelId, other.modelId, tokensOf(original), texts);
  const maxTokens = Math.max(original.tokens.length, original.encoderTokens?.length ?? 0);
  const asked = { modelId: other.modelId, input: inputOf(original), conversion: null, maxTokens };
  const run = await engine.run(asked, partOf(task, [0.1, 0.25]));
  const sides: DiffSides = { a: { kind: 'opened' }, b: { kind: 'checkpoint', path: other.path } };
  return {
    ...common,
    compare: await engine.compare(original.runId, run.runId, partOf(task, [0.25, 0.3])),
    sides: sideViews(sides, shown, () => other),
  };
}

function textOf(input: RunInput): string {
  return input.kind === 'text' ? input.text : input.ids.join(', ');
}
