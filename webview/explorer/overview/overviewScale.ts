/** From the overview's numbers to lengths and tints. Pure. */
import { lab } from 'd3';
import { sequentialColor } from '../../shared/colorScale';
import type { Statistic } from './statistics';

/** What is shown now: bars run from 0 to `most`, tints from the smallest to the largest number. */
export interface OverviewScale {
  least: number;
  largest: number;
  most: number;
}

/** @param values numbers of all cells that have one; null when there is none */
export function fitOverview(values: readonly number[], statistic: Statistic): OverviewScale | null {
  if (values.length === 0) return null;
  const largest = Math.max(...values);
  return { least: Math.min(...values), largest, most: statistic.most ?? Math.max(largest, Number.MIN_VALUE) };
}

/** Length of a bar, 0 to 1. */
export function barShare({ most }: OverviewScale, value: number): number {
  return Math.min(1, Math.max(0, value / most));
}

/** Colour of a cell, and of text that stands on it. */
export function tintOf(
  { least, largest }: Pick<OverviewScale, 'least' | 'largest'>,
  value: number,
  dark: boolean,
): { tint: string; on: string } {
  const position = largest > least ? (value - least) / (largest - least) : 0.5;
  const tint = sequentialColor(0.08 + 0.84 * position, dark);
  return { tint, on: lab(tint).l > 56 ? '#101418' : '#ffffff' };
}
