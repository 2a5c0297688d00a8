/**
 * How large the overview's cells are and what has room in them: from 2 groups of 6 layers to 64 groups of 80. Pure, in pixels.
 */

/** What a cell shows: picture, number and bar; a number on a tint; a tint alone. */
export type Density = 'pictures' | 'numbers' | 'tint';

export interface OverviewLayout {
  density: Density;
  /** Number and bar stand beside the picture; else below it. */
  beside: boolean;
  /** Width of a cell with the gap after it. */
  pitch: number;
  gap: number;
  /** Side of a picture; 0 without one. */
  picture: number;
  rowHeight: number;
}

/** A picture smaller than this shows no shape, and the number below it has no room. */
const SMALLEST_PICTURE = 25;
const LARGEST_PICTURE = 52;
/** More pictures than this a row are more than anybody compares. */
const MOST_PICTURES = 16;
/** Room of a number and a bar beside a picture. */
const BESIDE = 42;
/** "0.53" in small print. */
const NUMBER = 25;

/**
 * @param width pixels for the cells of a row
 * @param groups cells of a row
 */
export function layoutOverview(width: number, groups: number): OverviewLayout {
  const count = Math.max(1, groups);
  const gap = width / count >= SMALLEST_PICTURE ? 4 : width / count >= 8 ? 1 : 0;
  const pitch = width / count;
  const cell = pitch - gap;
  if (count <= MOST_PICTURES && cell >= SMALLEST_PICTURE) {
    const beside = cell >= LARGEST_PICTURE + BESIDE;
    const picture = Math.min(LARGEST_PICTURE, Math.floor(cell));
    return { density: 'pictures', beside, pitch, gap, picture, rowHeight: picture + (beside ? 10 : 25) };
  }
  const density = cell >= NUMBER ? 'numbers' : 'tint';
  return { density, beside: false, pitch, gap, picture: 0, rowHeight: density === 'numbers' ? 22 : 17 };
}
