/**
 * Where the cells of the similarity figure lie: heads in group order with a gap between groups, a bar beside each row.
 * Pure geometry, in pixels.
 */

export interface MatrixLayout {
  /** Heads in the order shown. */
  order: number[];
  /** Side of a cell without its gap. */
  cell: number;
  /** Left (and top) of the row or column of each place in `order`, from the matrix's own corner. */
  offsets: number[];
  /** Side of the whole matrix. */
  size: number;
  /** Outline of each group's block on the diagonal. */
  blocks: { group: number; start: number; size: number }[];
}

const GROUP_GAP = 5;
const LARGEST_CELL = 30;

/**
 * @param groups group of each head
 * @param available pixels that the matrix may take
 */
export function layoutMatrix(groups: readonly number[], available: number): MatrixLayout {
  const order = groups.map((_, head) => head).sort((a, b) => (groups[a] ?? 0) - (groups[b] ?? 0) || a - b);
  const groupCount = new Set(groups).size;
  const gap = groups.length > 24 || groupCount === groups.length ? 1 : GROUP_GAP;
  const pitch = Math.min(LARGEST_CELL, (available - gap * (groupCount - 1)) / Math.max(1, groups.length));
  const offsets: number[] = [];
  const blocks: MatrixLayout['blocks'] = [];
  let position = 0;
  order.forEach((head, place) => {
    const group = groups[head] ?? 0;
    const last = blocks.at(-1);
    if (last?.group === group) {
      last.size += pitch;
    } else {
      if (place > 0) position += gap;
      blocks.push({ group, start: position, size: pitch });
    }
    offsets.push(position);
    position += pitch;
  });
  return { order, cell: Math.max(1, pitch - (pitch > 6 ? 1 : 0)), offsets, size: position, blocks };
}

/**
 * Upper end of the colour scale: the largest similarity between two different heads, rounded up, and at least 0.3, so
 * that noise around zero is not blown up into a pattern.
 * @param matrix [n, n]
 */
export function matrixScaleTop(matrix: ArrayLike<number>, n: number): number {
  let largest = 0.3;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++)
      if (row !== column) largest = Math.max(largest, matrix[row * n + column] ?? 0);
  }
  return Math.min(1, Math.ceil(largest * 20 - 1e-6) / 20);
}
