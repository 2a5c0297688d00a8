/**
 * The numbers behind the figures of the comparison, as tables and files have them: what costs and saves, layers, heads, maps.
 * Figures that choose what they show (words, predictions) give their own.
 */
import { t } from '@vscode/l10n';
import { GqaLensError } from '../../src/protocol/errors';
import type { FigureNumbers, FigureValue, Gathering } from '../shared/figure';
import { layerTitle } from '../shared/labels';
import { gatherWeights, PLACE_COLUMNS } from '../shared/weightRows';
import type { DiffData } from './data';
import { orderedHeads, shownModel, shownTokens, type DiffView } from './view';

/** Both models' measures, whatever digits the page shows of them. */
export function summaryNumbers({ snapshot: { compare, measures, sides } }: DiffView): FigureNumbers | null {
  if (compare === null) return null;
  const { a, b } = compare;
  const { result } = measures;
  const rows: FigureValue[][] = [
    [t('loss (nats)'), a.loss, b.loss],
    [t('perplexity'), a.perplexity, b.perplexity],
    [t('KL (nats a token)'), null, compare.klMean],
    [t('share of positions with the same top token'), null, compare.top1Agreement],
    [t('KV cache (bytes a token)'), a.kvCacheBytesPerToken, b.kvCacheBytesPerToken],
    [t('cross cache (bytes a token)'), a.crossCacheBytesPerToken, b.crossCacheBytesPerToken],
    [t('parameters'), a.parameters, b.parameters],
    [t('time (milliseconds a token)'), result?.a.millisecondsPerToken ?? null, result?.b.millisecondsPerToken ?? null],
  ];
  return {
    title: t('{0} beside {1}', sides.b.name, sides.a.name),
    columns: [t('measure'), sides.a.name, sides.b.name],
    rows: rows.filter(([, ofA, ofB]) => (ofA ?? 0) !== 0 || (ofB ?? 0) !== 0),
  };
}

export function driftNumbers({ snapshot: { measures, sides } }: DiffView): FigureNumbers | null {
  const layers = (measures.result?.layers ?? []).filter(({ residualCosine }) => residualCosine !== null);
  if (layers.length === 0) return null;
  return {
    title: t('Cosine of {0} and {1}, by layer', sides.a.name, sides.b.name),
    columns: [t('layer'), t('residual stream'), t('attention output')],
    rows: layers.map(({ title, residualCosine, attentionCosine }) => [title, residualCosine, attentionCosine]),
  };
}

export function divergenceNumbers({ snapshot: { measures, sides } }: DiffView): FigureNumbers | null {
  const rows = (measures.result?.layers ?? []).flatMap(({ title, jensenShannon }) =>
    Array.from(jensenShannon ?? [], (value, head) => [title, head, value]),
  );
  if (rows.length === 0) return null;
  return {
    title: t('Jensen-Shannon divergence of the attention of {0} and {1}', sides.a.name, sides.b.name),
    columns: [t('layer'), t('query head'), t('divergence (bits)')],
    rows,
  };
}

/** The heads of the chosen layer. */
export function headNumbers(view: DiffView, data: DiffData): FigureNumbers | null {
  const { compare, sides } = view.snapshot;
  const divergence =
    compare === null
      ? null
      : data.divergences.peek({ runA: compare.a.runId, runB: compare.b.runId, layer: view.ui.layer });
  if (divergence === null) return null;
  return {
    title: t(
      'Attention of {0} and {1} in {2}, by head',
      ...[sides.a.name, sides.b.name, layerTitle(shownModel(view.snapshot), view.ui.layer)],
    ),
    columns: [t('query head'), t('KV group'), t('divergence (bits)'), t('largest difference of a weight')],
    rows: orderedHeads(view).map(({ head, group }) => [
      ...[head, group, divergence.jensenShannon[head] ?? null, divergence.maxDifference[head] ?? null],
    ]),
  };
}

/** The weights of the chosen token in the head that is shown large; asks for them. */
export function largeMapNumbers(view: DiffView, data: DiffData): FigureNumbers | null {
  const { compare, sides } = view.snapshot;
  if (compare === null) return null;
  const { queries, keys } = shownTokens(view);
  // A token of the text is no row of an encoder's maps.
  const query = queries === compare.a.tokens && view.ui.token !== null ? view.ui.token : queries.length - 1;
  const rows = (['a', 'b'] as const).map((side) => data.rows.get(rowRequest(view, compare[side].runId, query)));
  const known = rows.flatMap((answer) => (answer.state === 'ready' ? [answer.value.weights] : []));
  const [a, b] = known;
  if (a === undefined || b === undefined) return null;
  const seen = isCausal(view) ? keys.slice(0, query + 1) : keys;
  return {
    title: t('Attention of Q{0} from token {1}, “{2}”', view.ui.head, query, queries[query]?.text ?? ''),
    columns: [...PLACE_COLUMNS.slice(2), sides.a.name, sides.b.name, t('difference')],
    rows: seen.map(({ text }, key) => [key, text, a[key] ?? null, b[key] ?? null, (b[key] ?? 0) - (a[key] ?? 0)]),
    note: t('Files hold the weights of every token.'),
  };
}

/** Every weight of the head that is shown large. */
export async function gatherLargeMaps(view: DiffView, data: DiffData, gathering: Gathering): Promise<FigureNumbers> {
  const { compare, sides } = view.snapshot;
  if (compare === null) throw new GqaLensError('input-invalid', t('There are no numbers yet.'));
  const columns = [sides.a.name, sides.b.name, t('difference')];
  const rows = await gatherWeights(
    {
      ...{ tokens: shownTokens(view), causal: isCausal(view), columns },
      row: async (query) => {
        const [a, b] = await Promise.all([
          data.attentionRow(rowRequest(view, compare.a.runId, query)),
          data.attentionRow(rowRequest(view, compare.b.runId, query)),
        ]);
        const difference = Float64Array.from(b.weights, (weight, key) => weight - (a.weights[key] ?? 0));
        return [a.weights, b.weights, difference];
      },
    },
    gathering,
  );
  return {
    title: t('Attention of Q{0} in {1}', view.ui.head, layerTitle(shownModel(view.snapshot), view.ui.layer)),
    columns: [...PLACE_COLUMNS, ...columns],
    rows,
  };
}

export function continuationNumbers({ snapshot: { compare, sides } }: DiffView, data: DiffData): FigureNumbers | null {
  const answer = compare === null ? null : data.continuations.peek({ runA: compare.a.runId, runB: compare.b.runId });
  if (answer === null) return null;
  return {
    title: t('How both go on'),
    columns: [t('Side'), t('text'), t('token ids')],
    rows: (['a', 'b'] as const).map((side) => [sides[side].name, answer[side].text, answer[side].ids.join(' ')]),
  };
}

function rowRequest({ ui }: DiffView, runId: string, query: number) {
  return { runId, layer: ui.layer, heads: [ui.head], query };
}

function isCausal({ snapshot, ui }: DiffView): boolean {
  return shownModel(snapshot).layers[ui.layer]?.attention === 'causal';
}
