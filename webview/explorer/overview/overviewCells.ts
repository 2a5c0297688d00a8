/** The cells of the overview: which groups a layer has and what stands for them. Pure. */
import { t } from '@vscode/l10n';
import type { AttentionRequest } from '../../../src/protocol/maps';
import { describeHeads, headsByGroup } from '../../shared/headOrder';
import { layerTitle } from '../../shared/labels';
import { meanOf } from './overviewNumbers';
import { groupsOfHeads, type HeadNumbers, type Statistic } from './statistics';
import { mapsRequest, type ExplorerView } from '../view';

export interface GroupCell {
  layer: number;
  group: number;
  heads: number[];
  /** The heads of an encoder are not grouped: they stand for the layer as one, and cannot be chosen. */
  isGrouped: boolean;
}

/** The cells of a layer: its groups, or all of its heads where conversions leave them alone. */
export function cellsOf(view: ExplorerView, layer: number): GroupCell[] {
  const isGrouped = view.snapshot.model.layers[layer]?.grouped !== false;
  return headsByGroup(groupsOfHeads(view, layer)).map((heads, group) => ({ layer, group, heads, isGrouped }));
}

/** The most cells that a layer has. */
export function mostCells(view: ExplorerView): number {
  return Math.max(1, ...view.snapshot.model.layers.map((_, layer) => cellsOf(view, layer).length));
}

/** The request for a cell's mean map; null before the first run. */
export function cellMaps(view: ExplorerView, { layer, heads }: GroupCell): AttentionRequest | null {
  return mapsRequest(view, layer, heads);
}

/** "KV 1 · mean of Q 4–7", or "all heads". */
export function cellName({ group, heads, isGrouped }: GroupCell): string {
  if (!isGrouped) return t('mean of all heads');
  if (heads.length === 1) return t('KV {0} · Q {1}', group, heads.join(''));
  return t('KV {0} · mean of Q {1}', group, describeHeads(heads));
}

/** A cell in words, for who does not see it. */
export function describeCell(
  view: ExplorerView,
  cell: GroupCell,
  statistic: Statistic | null,
  numbers: HeadNumbers | null,
): string {
  const value = numbers && meanOf(numbers, cell.group);
  const said =
    statistic === null ? '' : `, ${statistic.title()} ${value === null ? t('not known yet') : statistic.format(value)}`;
  return `${layerTitle(view.snapshot.model, cell.layer)}, ${cellName(cell)}${said}`;
}
