/**
 * What is told of a cell that is pointed at in a group's maps: its exact number where that has come, else the tile's.
 * Pure: from tiles and rows to words. The card that shows it is shared/readout.ts.
 */
import { t } from '@vscode/l10n';
import type { AttentionRow, AttentionTile } from '../../../src/protocol/maps';
import { formatWeight } from '../../shared/format';
import type { LayerTokens } from '../../shared/layerTokens';
import { numberAt } from '../../shared/mapCells';
import type { Cell } from '../../shared/mapView';
import type { ReadoutContent } from '../../shared/readoutContent';

/** Members that are told one by one. */
const MOST_MEMBERS = 8;

export interface PointedCell extends Cell {
  /** Null in the mean's map. */
  head: number | null;
  group: number;
}

/**
 * @param tiles of one group, the finest first
 * @param row the exact numbers of the cell's query in all heads; null before they have come
 * @param minusMean the members' maps show each minus the mean
 */
export function cellContent(
  { head, group, query, key }: PointedCell,
  tiles: readonly AttentionTile[],
  row: AttentionRow | null,
  minusMean: boolean,
  { queries, keys }: LayerTokens,
): ReadoutContent | null {
  const [tile] = tiles;
  if (tile === undefined) return null;
  const { heads, T } = tile;
  const differs = minusMean && heads.length > 1;
  const exact = heads.map((own) => row?.weights[row.heads.indexOf(own) * T + key]);
  const rounded = numberAt(tiles, null, query, key) ?? 0;
  const numbers = heads.map(
    (own, place) => exact[place] ?? (numberAt(tiles, own, query, key) ?? 0) + (differs ? rounded : 0),
  );
  const mean = row === null ? rounded : numbers.reduce((sum, number) => sum + number / numbers.length, 0);
  const own = head === null ? mean : (numbers[heads.indexOf(head)] ?? 0);
  const isDifference = head !== null && differs;
  const meanName = t('mean of KV {0}', group);
  const alone = heads.length === 1 ? heads[0] : undefined;
  const sink = row?.sinks?.[row.heads.indexOf(head ?? alone ?? -1)];
  return {
    title:
      head !== null ? `Q${head}${isDifference ? ` − ${meanName}` : ''}` : alone !== undefined ? `Q${alone}` : meanName,
    query: { place: query, text: queries[query]?.text ?? '' },
    key: { place: key, text: keys[key]?.text ?? '' },
    weight: isDifference ? own - mean : own,
    exact: row !== null,
    note: [
      ...(tile.mean.coding.kind === 'scores' ? [t('scores before the softmax')] : []),
      ...(sink === undefined ? [] : [t('sink of the head: {0}', formatWeight(sink))]),
    ].join('; '),
    others: isDifference
      ? [
          { label: `Q${head}`, weight: own, emphasised: true },
          { label: t('mean'), weight: mean, emphasised: false },
        ]
      : heads.length === 1 || heads.length > MOST_MEMBERS
        ? []
        : heads.map((member, place) => ({
            label: `Q${member}`,
            weight: numbers[place] ?? 0,
            emphasised: member === head,
          })),
  };
}
