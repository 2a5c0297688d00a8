/** Numbers as people read them: in the tree, the quick picks and the tooltips. Nothing here is parsed again. */

/** 5900000 → "5.9 M". */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['K', 1e3],
  ] as const) {
    if (count >= size) return `${(count / size).toPrecision(3).replace(/\.?0+$/, '')} ${unit}`;
  }
  return String(count);
}

/** Bytes with binary units: 6144 → "6 KiB". */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toPrecision(3))} ${unit}`;
  }
  return `${bytes} B`;
}

/** The change from `before` to `after`: "−87.5 %", or "" when there is none. */
export function formatChange(before: number, after: number): string {
  const percent = Number(((after / before - 1) * 100).toFixed(1));
  return percent === 0 ? '' : `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`;
}
