/**
 * What the overview asks for: the numbers of layers, and the maps of cells where those are drawn.
 * Role: what is missing, and in which order. How many are asked for at a time is overview.ts.
 */
import type { ExplorerData } from '../data';
import { cellMaps, cellsOf, type GroupCell } from './overviewCells';
import { shownStatistic } from './statistics';
import type { ExplorerView } from '../view';

/** What is looked at. */
export interface InSight {
  layers: readonly number[];
  /** Whether cells show their maps. */
  pictured: boolean;
}

/**
 * What has not come, in the order in which it is wanted: what is in sight first, then the numbers of the other layers, which the
 * order and the scale need. Each asks for it and tells how that stands.
 * @param layers all, as they stand
 */
export function missingAnswers(
  view: ExplorerView,
  data: ExplorerData,
  layers: readonly number[],
  sight: InSight,
): (() => string)[] {
  const statistic = shownStatistic(view);
  const inSight = new Set([view.ui.layer, ...sight.layers]);
  const missing: (() => string)[] = [];
  const askNumbers = (layer: number): void => {
    if (statistic?.applies(view, layer) !== true || statistic.peek(view, layer, data) !== null) return;
    missing.push(() => statistic.ask(view, layer, data).state);
  };
  const askPicture = (cell: GroupCell): void => {
    const request = cellMaps(view, cell);
    if (request === null || data.thumbnails.peek(request) !== null) return;
    missing.push(() => data.thumbnails.get(request).state);
  };
  for (const layer of inSight) {
    askNumbers(layer);
    if (sight.pictured) cellsOf(view, layer).forEach(askPicture);
  }
  for (const layer of layers) if (!inSight.has(layer)) askNumbers(layer);
  return missing;
}
