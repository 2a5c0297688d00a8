/** The numbers behind the text view, for its table and its files: weights of the token looked at, or the loss of each token. */
import { t } from '@vscode/l10n';
import type { FigureNumbers } from '../../shared/figure';
import { isOneText, type Focus } from './textSeries';
import type { Voice } from './textWeights';
import { shownRun, shownTokens, type ExplorerView } from '../view';

export function textNumbers(view: ExplorerView, focus: Focus, voices: readonly Voice[]): FigureNumbers | null {
  const run = shownRun(view);
  if (run === null) return null;
  const { queries, keys } = shownTokens(view);
  const [looking, lookedAt] = [queries[focus.query ?? -1], keys[focus.key ?? -1]];
  if (looking === undefined && lookedAt === undefined) {
    const hasLoss = isOneText(view) && keys === run.tokens && run.lossPerToken.length > 0;
    return {
      title: hasLoss ? t('Loss of each token') : t('Tokens'),
      columns: ['position', 'token', 'id', ...(hasLoss ? ['loss (nats)'] : [])],
      rows: keys.map(({ id, text }, place) => [
        ...[place, text, id],
        ...(hasLoss ? [place === 0 ? null : (run.lossPerToken[place - 1] ?? null)] : []),
      ]),
    };
  }
  const known = voices.flatMap(({ series, from, to }) => [
    ...(from === null ? [] : [{ series, direction: 'from' as const, weights: from }]),
    ...(to === null ? [] : [{ series, direction: 'to' as const, weights: to }]),
  ]);
  // The files are exact, or not there yet.
  if (known.length === 0 || known.some(({ weights }) => !weights.exact)) return null;
  const parts = [
    ...(looking === undefined ? [] : [t('attention from token {0}, “{1}”', focus.query ?? 0, looking.text)]),
    ...(lookedAt === undefined ? [] : [t('attention to token {0}, “{1}”', focus.key ?? 0, lookedAt.text)]),
  ];
  const rowsOf = (direction: 'from' | 'to', name: string): FigureNumbers['rows'] => {
    const own = known.filter((one) => one.direction === direction);
    const tokens = direction === 'from' ? keys : queries;
    return own.length === 0
      ? []
      : tokens.map(({ text }, place) => [
          name,
          place,
          text,
          ...own.map(({ weights }) => weights.values[place] ?? null),
        ]);
  };
  return {
    title: parts.join('; '),
    columns: ['direction', 'position', 'token', ...new Set(known.map(({ series }) => series.label))],
    rows: [...rowsOf('from', 'looked at'), ...rowsOf('to', 'looks')],
  };
}
