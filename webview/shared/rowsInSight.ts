/** Which rows of a scrolled list are in sight, so that the others need not be in the page. Pure, in pixels. */

/** The first row in sight and the one after the last, with one more on each side. */
export function rowsInSight(
  scrollTop: number,
  height: number,
  rowHeight: number,
  rows: number,
): { first: number; end: number } {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - 1);
  return { first: Math.min(first, rows), end: Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + 1) };
}
