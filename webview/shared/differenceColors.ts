/** The colours of differences in the theme that is on. Role: reads them from the page; the table is difference.ts. */
import type { PixelTable } from './colorScale';
import { comparisonColors } from './comparisonColors';
import { differenceTable } from './difference';

/** The pixel table of the theme's two comparison colours. */
export function differenceColors(): PixelTable {
  const { less, more } = comparisonColors();
  return differenceTable({ first: less, second: more });
}
