/** The colours of differences in the theme that is on. Role: reads them from the page; the table is difference.ts. */
import type { PixelTable } from './colorScale';
import { differenceTable } from './difference';

/** The pixel table of the theme's two comparison colours. */
export function differenceColors(): PixelTable {
  const style = getComputedStyle(document.body);
  return differenceTable({
    first: style.getPropertyValue('--gqa-less').trim(),
    second: style.getPropertyValue('--gqa-more').trim(),
  });
}
