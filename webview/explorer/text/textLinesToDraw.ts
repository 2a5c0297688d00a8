/**
 * The lines of the text view: those of the token looked at, or of all tokens in sight while there is none. Role: from weights
 * to lines and the words that say what was left out; where they lie is textLinesLayout.ts.
 */
import { t } from '@vscode/l10n';
import { formatPercent } from '../../shared/format';
import { capitalised } from '../../shared/labels';
import { tileRow } from './attended';
import type { ExplorerData } from '../data';
import { chooseLines, LEAST_OF_ALL, LEAST_WEIGHT, type Line } from './textLinesLayout';
import type { Focus, Series } from './textSeries';
import { describeVoices } from './textShades';
import { wholeTile, type Voice } from './textWeights';
import { shownTokens, type ExplorerView } from '../view';

/** @param inSight rows in sight, whose lines are drawn while no token is looked at */
export function linesToDraw(
  view: ExplorerView,
  data: ExplorerData,
  voices: readonly Voice[],
  focus: Focus,
  inSight: { first: number; end: number },
): { lines: Line<Series>[]; note: string } {
  const skipFirst = view.ui.hideFirstToken;
  const least = focus.query === null && focus.key === null ? LEAST_OF_ALL : LEAST_WEIGHT;
  const isLooking = focus.query !== null || focus.key !== null;
  const all = isLooking ? ofFocus(voices, focus, skipFirst) : ofRows(view, data, voices, inSight, skipFirst);
  if (!isLooking && all.length === 0)
    return { lines: [], note: t('Point at a token to see its lines; a click keeps them.') };
  const { lines, leftOut, dropped } = chooseLines(all, least);
  const note = [
    `${capitalised(describeVoices(voices))}.`,
    t('Lines below {0} are left out: {1} of the weight.', formatPercent(least), formatPercent(leftOut)),
    dropped > 0 ? t('{0} more of the weakest, too.', dropped) : '',
    skipFirst ? t('So is the first token.') : '',
  ];
  return { lines, note: note.filter(Boolean).join(' ') };
}

function ofFocus(voices: readonly Voice[], { query, key }: Focus, skipFirst: boolean): Line<Series>[] {
  return voices.flatMap(({ series, from, to }) => [
    ...(from === null || query === null
      ? []
      : Array.from(from.values, (weight, at) => ({ query, key: at, weight, series })).filter(
          (line) => !(skipFirst && line.key === 0),
        )),
    // A token that looks at itself is one line, not two.
    ...(to === null || key === null
      ? []
      : Array.from(to.values, (weight, at) => ({ query: at, key, weight, series })).filter(
          (line) => !(from !== null && line.query === query),
        )),
  ]);
}

function ofRows(
  view: ExplorerView,
  data: ExplorerData,
  voices: readonly Voice[],
  { first, end }: { first: number; end: number },
  skipFirst: boolean,
): Line<Series>[] {
  const S = shownTokens(view).queries.length;
  return voices.flatMap(({ series }) => {
    const tile = wholeTile(view, data, series);
    if (tile === null) return [];
    const rows = Array.from({ length: Math.max(0, Math.min(end, S) - first) }, (_, place) => first + place);
    return rows.flatMap((query) =>
      Array.from(tileRow(tile, series.head, query), (weight, key) => ({ query, key, weight, series })).filter(
        (line) => line.weight > 0 && !(skipFirst && line.key === 0),
      ),
    );
  });
}
