/**
 * The tool that language models may call: what the opened checkpoint's KV groups are, how alike their heads are, and what
 * the text attends to. It answers in Markdown from what the engine tells; it changes and opens nothing.
 */
import * as vscode from 'vscode';
import type { AttentionStatistics } from '../protocol/maps';
import type { LayerView } from '../protocol/model';
import type { SimilarityResult, SimilarityTarget } from '../protocol/similarity';
import { formatBytes, formatCount } from './format';
import { formatRanges } from '../protocol/numbers';
import type { Session } from './session';
import type { Sessions } from './sessions';

export const toolName = 'inspect_attention_groups';

/** What a model may ask; package.json holds the same as a JSON schema. */
interface ToolInput {
  /** Index of an attention block, from 0; absent: a line on each. */
  layer?: number;
}

export function registerLanguageModelTool(sessions: Sessions): vscode.Disposable {
  return vscode.lm.registerTool<ToolInput>(toolName, {
    prepareInvocation: () => ({
      invocationMessage: vscode.l10n.t('Looking at the KV groups of {0}', sessions.active?.model.name ?? 'GQA Lens'),
    }),
    invoke: async ({ input }, token) => {
      const text = await answer(sessions.active, input, token);
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    },
  });
}

async function answer(session: Session | null, { layer }: ToolInput, token: vscode.CancellationToken): Promise<string> {
  if (session === null) {
    return 'No checkpoint is open in GQA Lens. The user can open one with the command "GQA Lens: Open Checkpoint…".';
  }
  const { model } = session;
  if (layer === undefined) return [describeModel(session), describeGroups(session)].join('\n\n');
  const view = model.layers[layer];
  if (!view) return `${model.name} has no layer ${layer}: layers are 0 to ${model.layers.length - 1}.`;
  const cancelling = new AbortController();
  const listener = token.onCancellationRequested(() => cancelling.abort());
  try {
    return [describeModel(session), await describeLayer(session, layer, view, cancelling.signal)].join('\n\n');
  } finally {
    listener.dispose();
  }
}

function describeModel(session: Session): string {
  const { model, conversion, grouping, converts, original, converted, compare, busy, problem } = session;
  const lines = [
    `# ${model.name} (${model.familyTitle}, ${formatCount(model.parameters)} parameters)`,
    `${model.H} query heads on ${model.G} KV heads of size ${model.K}; positions: ${model.position}; KV cache ${formatBytes(model.kvCacheBytesPerToken)} a token.`,
  ];
  if (model.notRunnable !== null) lines.push(`It cannot be run: ${model.notRunnable}`);
  if (converts) {
    lines.push(
      `Shown beside its conversion to ${grouping.G} KV heads: grouping "${conversion.grouping}", merge "${conversion.merge}".`,
    );
  }
  if (original !== null) {
    const losses = [original, converted].flatMap((run) => run?.loss?.toFixed(4) ?? []).join(' → ');
    const cost =
      compare === null
        ? ''
        : `, KL ${compare.klMean.toFixed(4)} nats, top-1 agreement ${percent(compare.top1Agreement)}`;
    lines.push(`On the panel's text (${original.tokens.length} tokens): loss ${losses} nats a token${cost}.`);
  }
  if (busy !== null) lines.push(`Something is being run now (${busy.message}); numbers are of the run before it.`);
  else if (problem !== null && problem.code !== 'cancelled') lines.push(`The last run failed: ${problem.message}`);
  else if (original === null && model.notRunnable === null) {
    lines.push('No text has been run yet: the user can press Run in the panel; losses and attention are known then.');
  }
  return lines.join('\n');
}

/** Which query heads share, a line for each run of layers that do the same. */
function describeGroups({ model, grouping }: Session): string {
  const lines: string[] = [];
  let before = '';
  for (const [layer, { title }] of model.layers.entries()) {
    const groupOfHead = grouping.groupOfHead[layer] ?? [];
    const groups = groupsOf(groupOfHead).map((group) => `KV ${group}: Q ${formatRanges(headsOf(groupOfHead, group))}`);
    const line = groups.join('; ');
    lines.push(`- ${title}: ${line === before ? 'the same' : line}`);
    before = line;
  }
  return [
    'Query heads of each KV head (ask with a layer for how alike they are and what they attend to):',
    ...lines,
  ].join('\n');
}

async function describeLayer(session: Session, layer: number, view: LayerView, signal: AbortSignal): Promise<string> {
  const groupOfHead = session.grouping.groupOfHead[layer] ?? [];
  const k = await similarityOf(session, layer, 'k', signal);
  const v = await similarityOf(session, layer, 'v', signal);
  const statistics = await statisticsOf(session, layer);
  const lines = [`## ${view.title}, index ${layer}${view.grouped ? '' : ' (conversions leave it alone)'}`];
  if (k !== null && v !== null) {
    lines.push(
      `K and V to pooled: mean aligned cosine of the members' weights to the shared head; random heads have ${k.pooledFloor.toFixed(2)} (K) and ${v.pooledFloor.toFixed(2)} (V).`,
    );
  }
  if (statistics.length > 0)
    lines.push('Entropy in bits, weight on the first token and distance in tokens: means of the maps.');
  lines.push(
    '| KV head | query heads | K to pooled | V to pooled | entropy | on first token | distance |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  );
  for (const group of groupsOf(groupOfHead)) {
    const heads = headsOf(groupOfHead, group);
    const own = statistics.filter(({ head }) => heads.includes(head));
    const cells = [
      String(group),
      formatRanges(heads),
      likeness(k, group),
      likeness(v, group),
      mean(own.map(({ entropy }) => entropy)),
      mean(own.map(({ firstToken }) => firstToken)),
      mean(own.flatMap(({ distance }) => distance ?? [])),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

const groupsOf = (groupOfHead: readonly number[]): number[] => [...new Set(groupOfHead)].sort((a, b) => a - b);

const headsOf = (groupOfHead: readonly number[], group: number): number[] =>
  groupOfHead.flatMap((own, head) => (own === group ? [head] : []));

/** Similarity by weights under the conversion; null where heads are not merged. */
async function similarityOf(
  session: Session,
  layer: number,
  target: SimilarityTarget,
  signal: AbortSignal,
): Promise<SimilarityResult | null> {
  const { model, conversion, converts } = session;
  if (!converts || model.layers[layer]?.grouped !== true) return null;
  const { modelId } = model;
  return session.similarity({ modelId, layer, on: 'weights', target, measure: 'aligned', conversion }, { signal });
}

/** Of the maps of the checkpoint as it is; none before a run. */
async function statisticsOf(session: Session, layer: number): Promise<AttentionStatistics[]> {
  const { original } = session;
  return original === null ? [] : (await session.headStatistics({ runId: original.runId, layer })).statistics;
}

function likeness(result: SimilarityResult | null, group: number): string {
  if (result === null) return '';
  return mean([...result.toPooled].filter((_, head) => result.groups[head] === group));
}

function mean(values: readonly number[]): string {
  return values.length === 0 ? '' : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
