/**
 * What is told of a cell that is pointed at in the large maps: what is drawn there, of both sides. Pure: from tiles and rows to
 * words. The card that shows it is shared/readout.ts.
 */
import { t } from '@vscode/l10n';
import type { AttentionRow, AttentionTile } from '../../src/protocol/maps';
import { formatWeight } from '../shared/format';
import { numberAt } from '../shared/mapCells';
import type { Cell } from '../shared/mapView';
import type { ReadoutContent } from '../shared/readoutContent';
import { shownRow } from './paneMaps';
import { headWords } from './paneWords';
import { shownTokens, type DiffView, type Pane, type Side } from './view';

/** What is known of one side. */
export interface KnownSide {
  /** The exact numbers of the cell's query; null before they have come. */
  row: AttentionRow | null;
  /** The whole map as it is drawn. */
  tile: AttentionTile | null;
}

export function paneContent(
  view: DiffView,
  pane: Pane,
  cell: Cell,
  known: Readonly<Record<Side, KnownSide>>,
): ReadoutContent {
  const { queries, keys } = shownTokens(view);
  const { head, mapValues } = view.ui;
  const { sides } = view.snapshot;
  const number = (side: Side): number => {
    const { row, tile } = known[side];
    return (row && shownRow(view, row)[cell.key]) ?? numberAt([tile], head, cell.query, cell.key) ?? 0;
  };
  const [a, b] = [number('a'), number('b')];
  const change = `${sides.b.name} − ${sides.a.name}`;
  return {
    title: pane === 'difference' ? `${headWords(view)}, ${change}` : `${headWords(view)}, ${sides[pane].name}`,
    query: { place: cell.query, text: queries[cell.query]?.text ?? '' },
    key: { place: cell.key, text: keys[cell.key]?.text ?? '' },
    weight: pane === 'a' ? a : pane === 'b' ? b : b - a,
    exact: known.a.row !== null && known.b.row !== null,
    note: mapValues === 'scores' ? noteOfScores(view, pane, known) : '',
    others: [
      { label: sides.a.name, weight: a, emphasised: pane === 'a' },
      { label: sides.b.name, weight: b, emphasised: pane === 'b' },
    ],
  };
}

/** That the numbers are scores, and the head's sinks, where it has some. */
function noteOfScores(view: DiffView, pane: Pane, known: Readonly<Record<Side, KnownSide>>): string {
  const shown = (['a', 'b'] as const).filter((side) => pane === 'difference' || pane === side);
  const sinks = shown.flatMap((side) => {
    const { row } = known[side];
    const sink = row?.sinks?.[row.heads.indexOf(view.ui.head)];
    return sink === undefined ? [] : [formatWeight(sink)];
  });
  const said = t('scores before the softmax');
  return sinks.length === 0 ? said : `${said}; ${t('sink of the head: {0}', [...new Set(sinks)].join(', '))}`;
}
