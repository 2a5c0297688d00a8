/** Tolerances of the project: relative L2 for logits, absolute for attention. */

/** ‖found − expected‖ / ‖expected‖. */
export function relativeL2(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`${found.length} values, expected ${expected.length}`);
  let difference = 0;
  let total = 0;
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i] ?? NaN;
    difference += ((found[i] ?? NaN) - e) ** 2;
    total += e ** 2;
  }
  return Math.sqrt(difference / total);
}

/** max |found − expected|; NaN when any value is. */
export function maxDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`${found.length} values, expected ${expected.length}`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((found[i] ?? NaN) - (expected[i] ?? NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
