/** Positions of the largest values above 0, largest first. Pure. */
export function mostMoved(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (value, position) => ({ value, position }))
    .filter(({ value }) => value > 0)
    .sort((one, other) => other.value - one.value)
    .slice(0, count)
    .map(({ position }) => position);
}
