/**
 * Which numbers of a weight share which factor, from the two shapes.
 * Role: index arithmetic. It reads nothing.
 */

/**
 * Elements along each axis of a weight that share a factor, or null where the shapes do not tell.
 * One factor for all, for each index of an axis, for each group along the last axis (which must divide it), or for each
 * block, whose size must be given: 200 rows in 2 blocks may be 100 + 100 or 128 + 72.
 * @param block rows and columns of a block
 */
export function scaleSteps(
  shape: readonly number[],
  scaleShape: readonly number[],
  block: readonly number[] | null,
): number[] | null {
  const elements = scaleShape.reduce((product, size) => product * size, 1);
  if (elements === 1) return shape.map((size) => Math.max(1, size));
  // [rows] stands for [rows, 1].
  const sizes = [...scaleShape];
  while (sizes.length < shape.length) sizes.push(1);
  if (sizes.length > shape.length) return null;
  const steps: number[] = [];
  for (const [axis, size] of shape.entries()) {
    const factors = sizes[axis] ?? 1;
    const blockSize = block?.[axis - shape.length + 2];
    const isLast = axis === shape.length - 1;
    const perRow = !steps.some((step) => step !== 1);
    if (factors === size) steps.push(1);
    else if (factors === 1) steps.push(size);
    else if (blockSize !== undefined && Math.ceil(size / blockSize) === factors) steps.push(blockSize);
    else if (isLast && perRow && factors > 0 && size % factors === 0) steps.push(size / factors);
    else return null;
  }
  return steps;
}

/** Multiplies a run of a weight's elements, which begins at `start` of the whole, by their factors. */
export function applyScale(
  values: Float32Array,
  start: number,
  shape: readonly number[],
  steps: readonly number[],
  factors: Float32Array,
): void {
  const columns = shape.at(-1) ?? 1;
  const step = steps.at(-1) ?? 1;
  const factorsOfRow = Math.ceil(columns / step);
  for (let done = 0; done < values.length;) {
    const row = Math.floor((start + done) / columns);
    const column = (start + done) % columns;
    const group = Math.floor(column / step);
    const end = Math.min(values.length, done + Math.min(columns, (group + 1) * step) - column);
    const factor = factors[factorRow(row, shape, steps) * factorsOfRow + group] ?? NaN;
    for (; done < end; done++) values[done] = (values[done] ?? 0) * factor;
  }
}

/** The row of factors that a row of the weight has. Rows are counted over all axes but the last. */
function factorRow(row: number, shape: readonly number[], steps: readonly number[]): number {
  let rest = row;
  let result = 0;
  let stride = 1;
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    const step = steps[axis] ?? 1;
    result += Math.floor((rest % size) / step) * stride;
    stride *= Math.ceil(size / step);
    rest = Math.floor(rest / size);
  }
  return result;
}
