/** Bottom of an axis that shows cosines up to 1: the tenth below the smallest; at least a tenth is shown. Pure. */
export function cosineFloor(values: readonly number[]): number {
  const smallest = Math.min(0.9, ...values);
  return Math.max(-1, Math.floor(smallest * 10 + 1e-9) / 10);
}
