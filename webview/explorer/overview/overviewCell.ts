/** One cell of the overview's grid: its map small, its number with a bar, or a tint alone. Where cells stand is overviewGrid.ts. */
import type { AttentionRequest } from '../../../src/protocol/maps';
import { isDark } from '../../shared/theme';
import type { ExplorerData } from '../data';
import { cellMaps, describeCell, type GroupCell } from './overviewCells';
import type { Density } from './overviewLayout';
import { meanOf } from './overviewNumbers';
import { barShare, tintOf, type OverviewScale } from './overviewScale';
import type { HeadNumbers, Statistic } from './statistics';
import { clearThumbnail, drawThumbnail } from './thumbnail';
import type { ExplorerView } from '../view';

/** What the grid shows. */
export interface GridContent {
  view: ExplorerView;
  /** Layers from top to bottom. */
  order: readonly number[];
  statistic: Statistic | null;
  numbersOf: (layer: number) => HeadNumbers | null;
  scale: OverviewScale | null;
}

/** Shows a cell's picture, number and bar, or its tint; numbers of before stay, dimmed, until new ones come. */
export function fillCell(
  node: HTMLElement,
  cell: GroupCell,
  content: GridContent,
  density: Density,
  data: ExplorerData,
): void {
  const { view, statistic, scale } = content;
  const numbers = content.numbersOf(cell.layer);
  const value = numbers && meanOf(numbers, cell.group);
  node.setAttribute('aria-label', describeCell(view, cell, statistic, numbers));
  const canvas = node.querySelector('canvas');
  if (canvas !== null) drawPicture(canvas, density === 'pictures' ? cellMaps(view, cell) : null, data);
  // Numbers of before stay readable until the new ones come, but do not pass for them.
  const applies = statistic?.applies(view, cell.layer) === true;
  node.classList.toggle('none', !applies);
  node.classList.toggle('stale', applies && value === null);
  const text = node.querySelector('.cell-value');
  if (!applies) {
    delete node.dataset.value;
    if (text !== null) text.textContent = '';
  }
  if (value === null || statistic === null || scale === null) return;
  node.dataset.value = String(value);
  if (text !== null) text.textContent = density === 'tint' ? '' : statistic.format(value);
  node.style.setProperty('--amount', `${barShare(scale, value) * 100}%`);
  const { tint, on } = tintOf(scale, value, isDark());
  node.style.setProperty('--tint', tint);
  node.style.setProperty('--on-tint', on);
}

function drawPicture(canvas: HTMLCanvasElement, request: AttentionRequest | null, data: ExplorerData): void {
  const picture = request && data.thumbnails.peek(request);
  if (picture !== null) drawThumbnail(canvas, picture);
  else if (request === null) clearThumbnail(canvas);
}
