/** Where a key leads on a line of places: what figures that choose a place answer. Pure. */

/** Places that Page Up and Page Down pass over. */
const PAGE = 10;

/** The place that a key leads to from another, 0 to `last`; null for keys that do nothing. */
export function stepped(key: string, from: number, last: number): number | null {
  const steps: Record<string, number> = {
    ...{ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 },
    ...{ PageDown: -PAGE, PageUp: PAGE, Home: -Infinity, End: Infinity },
  };
  const step = steps[key];
  return step === undefined || last < 0 ? null : Math.min(last, Math.max(0, from + step));
}
