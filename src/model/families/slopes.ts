/**
 * ALiBi's slopes: how much a score loses with every position that its key lies before the query.
 * Role: shared by the families that know positions by them. Source: Press et al. 2021, arXiv 2108.12409.
 */
import type { PositionSpec } from '../spec';

/** [H] the slopes, in float32: 2^(-8i/H) for a power of two, else those of the next below and every second of the next. */
export function alibiSlopes(H: number): number[] {
  const below = 2 ** Math.floor(Math.log2(H));
  const powers = (heads: number, step: number, count: number): number[] => {
    const base = Math.fround(2 ** -(2 ** -(Math.log2(heads) - 3)));
    return Array.from({ length: count }, (_, i) => Math.fround(base ** (1 + step * i)));
  };
  return [...powers(below, 1, below), ...powers(2 * below, 2, H - below)];
}

/** Positions by slopes, for a spec. */
export function slopePosition(slopes: readonly number[]): { position: PositionSpec; text: string } {
  return { position: { kind: 'slopes', slopes }, text: 'ALiBi: a slope for each head' };
}
