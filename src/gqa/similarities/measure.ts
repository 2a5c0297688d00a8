/**
 * What a similarity measure is.
 * Role: the interface that every entry of this folder implements. Measures see products of rows only, so one entry serves
 * weights and activations alike; which inputs the products are over is headProducts.ts.
 */
import type { SimilarityInfo } from '../../protocol/methods';
import type { Breathe } from '../pace';
import type { Gauge } from '../solve/gauge';

/** Products of the rows of two heads in the inputs' metric, [K, K]. */
export type Block = Float64Array;

/** Sizes and helpers of one comparison. */
export interface Comparison {
  K: number;
  /** Which rows may turn together without changing the model. */
  gauge: Gauge;
  breathe: Breathe;
}

/** Compares projections by products of their rows. */
export interface HeadMeasure extends SimilarityInfo {
  kind: 'heads';
  /** The inputs' mean is taken off first. */
  centred?: boolean;
  /** Rows come weighted by what reads them, and on weights the inputs are what the norm in front makes of them. */
  asRead?: boolean;
  /** What a head is to itself. */
  self: number;
  /** Compares two heads, given a·C·aᵀ, b·C·bᵀ and a·C·bᵀ [K, K]. */
  pair: (a: Block, b: Block, product: Block, comparison: Comparison) => number | Promise<number>;
  /** Compares a head with the pooled head that replaces it, whose rows are not weighted. Absent: as a pair. */
  toPooled?: (head: Block, pooled: Block, product: Block, comparison: Comparison) => number;
  /** For measures of whole groups of n heads: `product(a, b)` is that of members a and b. */
  group?: (n: number, product: (a: number, b: number) => Block, comparison: Comparison) => Promise<number>;
}

/** Compares attention maps; the GPU does it (model/mapSimilarity.ts). */
export interface MapMeasure extends SimilarityInfo {
  kind: 'maps';
  self: number;
  /** From a mean Jensen-Shannon divergence in bits. */
  ofDivergence: (divergence: number) => number;
}

export type SimilarityMeasure = HeadMeasure | MapMeasure;

/** What the floor of measures on projections is. */
export const randomHeads = 'Random heads of the same shape on the same inputs. What is near it is not similar.';

/** Sum of the diagonal of a [K, K] block: an inner product of two heads. */
export function trace(block: Block, K: number): number {
  let sum = 0;
  for (let row = 0; row < K; row += 1) sum += block[row * K + row] ?? 0;
  return sum;
}

/** `value` over the root of a product of energies; 0 where a head is all zero. */
export function normalised(value: number, energyA: number, energyB: number): number {
  const energy = energyA * energyB;
  return energy > 0 ? value / Math.sqrt(energy) : 0;
}
