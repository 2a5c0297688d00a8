/**
 * The weights of the text view: exact rows and columns of attention where they have arrived, else what the drawn maps say.
 * Role: numbers of a series; who is looked at is textSeries.ts.
 */
import type { AttentionColumnRequest, AttentionTile } from '../../../src/protocol/maps';
import type { MapsOf } from '../../shared/mapTiles';
import { meanRow, tileColumn, tileRow } from './attended';
import type { ExplorerData } from '../data';
import { seriesOf, type Focus, type Series } from './textSeries';
import { cardMaps, rowRequest, shownGroups, shownTokens, type ExplorerView } from '../view';

/** A weight for every token. */
export interface TokenWeights {
  values: Float64Array;
  /** False: read from drawing codes, 3 % off at most where a cell is a weight; cells of several give each the largest. */
  exact: boolean;
}

/** A series with what is known of it: of groups whose numbers are on their way, nothing. */
export interface Voice {
  series: Series;
  /** [T] what the token looks at. */
  from: TokenWeights | null;
  /** [S] who looks at it. */
  to: TokenWeights | null;
}

/** What is known of the tokens looked at, for everyone whose attention is told. */
export function voicesOf(view: ExplorerView, data: ExplorerData, { query, key }: Focus): Voice[] {
  return seriesOf(view).map((series) => ({
    series,
    from: query === null ? null : weightsFrom(view, data, series, query),
    to: key === null ? null : weightsTo(view, data, series, key),
  }));
}

/** The exact weights that every query pays to a key, in all heads of the layer: one answer serves all that is pointed at. */
function columnRequest(view: ExplorerView, key: number): AttentionColumnRequest | null {
  const row = rowRequest(view, key);
  return row && { runId: row.runId, layer: row.layer, heads: row.heads, key };
}

/** Asks for the exact weights of what is looked at. */
export function askWeights(view: ExplorerView, data: ExplorerData, { query, key }: Focus): void {
  const { queries, keys } = shownTokens(view);
  const row = query === null || query >= queries.length ? null : rowRequest(view, query);
  const column = key === null || key >= keys.length ? null : columnRequest(view, key);
  if (row !== null) data.rows.get(row);
  if (column !== null) data.columns.get(column);
}

/** [T] what a token looks at; null before anything of it is known. */
function weightsFrom(view: ExplorerView, data: ExplorerData, series: Series, query: number): TokenWeights | null {
  const request = rowRequest(view, query);
  const row = request && data.rows.peek(request);
  if (row !== null) return { values: meanRow(row, series.heads), exact: true };
  const tile = tileOf(view, data, series);
  return tile && known({ values: tileRow(tile, series.head, query), exact: false });
}

/** [S] who looks at a token; null before anything of it is known. */
function weightsTo(view: ExplorerView, data: ExplorerData, series: Series, key: number): TokenWeights | null {
  const request = columnRequest(view, key);
  const column = request && data.columns.peek(request);
  if (column !== null) return { values: meanRow(column, series.heads), exact: true };
  const tile = tileOf(view, data, series);
  return tile && known({ values: tileColumn(tile, series.head, key), exact: false });
}

/** Longer texts are not drawn whole: their maps would be megabytes for lines that nobody can follow. */
const MOST_WHOLE = 512;

/** Every weight of a series, asked for cell by cell; null while they have not come, and of long texts unless maps show all of it. */
export function wholeTile(view: ExplorerView, data: ExplorerData, series: Series): AttentionTile | null {
  const request = textMaps(view, series);
  const { queries, keys } = shownTokens(view);
  const tokens = Math.max(queries.length, keys.length);
  if (request !== null && tokens <= MOST_WHOLE) {
    data.maps.whole(request, tokens, { mean: tokens, members: tokens });
  }
  const tile = tileOf(view, data, series);
  const cells = series.head === null ? tile?.mean : (tile?.members ?? tile?.mean);
  return tile !== null && cells?.rows === tile.S && cells.columns === tile.T ? tile : null;
}

function tileOf(view: ExplorerView, data: ExplorerData, series: Series): AttentionTile | null {
  const request = textMaps(view, series);
  return request && data.maps.peek(request);
}

/** The maps of a series' group, of probabilities whatever the cards of the maps show. */
function textMaps(view: ExplorerView, { group }: Series): MapsOf | null {
  const { ui } = view;
  return cardMaps(
    { ...view, ui: { ...ui, mapValues: 'probabilities', memberMaps: 'own' } },
    shownGroups(view)[group] ?? [],
  );
}

function known(weights: TokenWeights): TokenWeights | null {
  return weights.values.length === 0 ? null : weights;
}
