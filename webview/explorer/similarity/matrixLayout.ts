/**
 * Where the cells of the similarity figure lie: heads in an order, by groups with a gap between them; a bar beside each row.
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

/** Heads group by group, and by number within. */
export function groupOrder(groups: readonly number[]): number[] {
  return groups.map((_, head) => head).sort((a, b) => (groups[a] ?? 0) - (groups[b] ?? 0) || a - b);
}

/**
 * @param groups group of each head
 * @param available pixels that the matrix may take
 * @param order heads in the order shown; neighbours of one group are outlined together
 */
export function layoutMatrix(
  groups: readonly number[],
  available: number,
  order: number[] = groupOrder(groups),
): MatrixLayout {
  const runs = order.filter((head, place) => place === 0 || groups[head] !== groups[order[place - 1] ?? 0]).length;
  const gap = groups.length > 24 || runs > new Set(groups).size || runs === groups.length ? 1 : GROUP_GAP;
  const pitch = Math.min(LARGEST_CELL, (available - gap * (runs - 1)) / Math.max(1, groups.length));
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

/** Which numbers the ends of the colour scale stand for. */
export interface MatrixScale {
  low: number;
  high: number;
  /** Where a number lies, 0 to 1; 1 is the most alike. */
  position(value: number): number;
}

/** Room that a scale has at least, so that noise is not blown up into a pattern. */
const LEAST_SPAN = 0.3;
const STEP = 0.05;

/**
 * The colour scale of the pairs of different heads, with their floor on it. It starts at 0 unless all are far from it.
 * @param matrix [n, n]
 * @param alike which numbers mean alike
 */
export function matrixScale(matrix: ArrayLike<number>, n: number, floor: number, alike: 'high' | 'low'): MatrixScale {
  let [least, most] = [floor, floor];
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      if (row === column) continue;
      const value = matrix[row * n + column] ?? 0;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const low = least > 0.5 * most && most > LEAST_SPAN ? Math.max(0, down(Math.min(least, most - LEAST_SPAN))) : 0;
  const high = Math.min(1, up(Math.max(most, low + LEAST_SPAN)));
  return {
    low,
    high,
    position: (value) => {
      const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
      return alike === 'high' ? share : 1 - share;
    },
  };
}

const up = (value: number): number => round(Math.ceil(value / STEP - 1e-6) * STEP);
const down = (value: number): number => round(Math.floor(value / STEP + 1e-6) * STEP);
const round = (value: number): number => Number(value.toFixed(2));
