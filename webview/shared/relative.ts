/** Values scaled so that the largest is 1; negative ones become 0; null where there is none above 0. Pure. */
export function relativeToLargest(values: ArrayLike<number>): number[] | null {
  const largest = Array.from(values).reduce((most, value) => Math.max(most, value), 0);
  return largest > 0 ? Array.from(values, (value) => Math.max(0, value) / largest) : null;
}
