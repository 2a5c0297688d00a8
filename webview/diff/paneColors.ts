/**
 * The colours of the comparison's maps, large and small by one rule: both sides' share one scale, differences have one of their
 * own, and what sets a head apart is drawn in the colours of differences too. Pure, but for the page's theme.
 */
import type { DiffUi } from '../../src/protocol/diffView';
import type { AttentionTile } from '../../src/protocol/maps';
import { comparisonColors } from '../shared/comparisonColors';
import type { HeatmapLayer } from '../shared/mapBitmap';
import { NO_DIFFERENCE } from '../shared/mapCells';
import { fitColors, type MapColors } from '../shared/mapColors';
import { isDark } from '../shared/theme';

export interface PaneColors {
  sides: MapColors;
  difference: MapColors;
}

/** @param tiles of maps that are looked at together, each with the cells of one head alone, as its mean */
export function fitPaneColors(
  tiles: Record<keyof PaneColors, readonly AttentionTile[]>,
  { scale, hideFirstToken }: Pick<DiffUi, 'scale' | 'hideFirstToken'>,
): PaneColors {
  const look = { scale, skipFirstKey: hideFirstToken, dark: isDark(), comparison: comparisonColors() };
  return { sides: fitColors(tiles.sides, look), difference: fitColors(tiles.difference, look) };
}

/** A tile as it is drawn. */
export function mapLayer({ window, mean }: AttentionTile, colors: MapColors): HeatmapLayer {
  const zero = mean.coding.kind === 'differences' ? NO_DIFFERENCE : 0;
  return { window, ...mean, table: colors.table(mean.coding), zero };
}
