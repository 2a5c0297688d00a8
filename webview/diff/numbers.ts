/**
 * The numbers behind the figures of the comparison, as tables and files have them: what costs and saves, layers, heads.
 * The large maps' are largeMapNumbers.ts; figures that choose what they show (words, predictions) give their own.
 */
import { t } from '@vscode/l10n';
import type { FigureNumbers, FigureValue } from '../shared/figure';
import { layerTitle } from '../shared/labels';
import type { DiffData } from './data';
import { orderedHeads, shownModel, type DiffView } from './view';

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

export function continuationNumbers({ snapshot: { compare, sides } }: DiffView, data: DiffData): FigureNumbers | null {
  const answer = compare === null ? null : data.continuations.peek({ runA: compare.a.runId, runB: compare.b.runId });
  if (answer === null) return null;
  return {
    title: t('How both go on'),
    columns: [t('Side'), t('text'), t('token ids')],
    rows: (['a', 'b'] as const).map((side) => [sides[side].name, answer[side].text, answer[side].ids.join(' ')]),
  };
}
