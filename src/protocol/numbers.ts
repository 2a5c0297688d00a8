/** Numbers as people read them, in the host and on pages alike. Pure; what pages alone show is webview/shared/format.ts. */

/** Thousands are parted by a narrow no-break space: "6 144". */
export function formatInteger(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** [0, 1, 2, 5] → "0–2, 5". Expects ascending numbers. */
export function formatRanges(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ');
}
