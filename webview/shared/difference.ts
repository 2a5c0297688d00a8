/**
 * The difference of two attention maps as codes and colours. Pure arithmetic.
 * Code 128 is no difference, below it the first map has more weight, above it the second; codes grow with the square
 * root of the difference, because most differences are small and the eye should still find them.
 */
import type { CellCoding } from '../../src/protocol/maps';
import { decode, NO_DIFFERENCE } from './mapCells';
import { packColor, type PixelTable } from './colorScale';

export { NO_DIFFERENCE };
const STEPS = 127;

export interface DifferenceMap {
  /** [S, T] */
  codes: Uint8Array;
  /** The difference of the strongest colour. */
  largest: number;
}

/** A map's codes stand for weights unless something else is said. */
const weights: CellCoding = { kind: 'weights' };

/**
 * Second minus first map. A cell that one of them has no number for has none: code 0.
 * @param first [S, T] codes
 * @param second [S, T] codes
 * @param skipFirstKey leaves column 0 out of the scale
 * @param codings what the codes of both stand for
 */
export function differenceMap(
  first: Uint8Array,
  second: Uint8Array,
  T: number,
  skipFirstKey: boolean,
  [ofFirst, ofSecond]: readonly [CellCoding, CellCoding] = [weights, weights],
): DifferenceMap {
  const differences = Float64Array.from(
    first,
    (code, place) => decode(second[place] ?? 0, ofSecond) - decode(code, ofFirst),
  );
  const largest = differences.reduce((most, difference, place) => {
    const isLeftOut = Number.isNaN(difference) || (skipFirstKey && place % T === 0);
    return isLeftOut ? most : Math.max(most, Math.abs(difference));
  }, 1e-6);
  const codes = Uint8Array.from(differences, (difference) => {
    if (Number.isNaN(difference)) return 0;
    const share = Math.sqrt(Math.min(1, Math.abs(difference) / largest));
    return NO_DIFFERENCE + Math.sign(difference) * Math.round(share * STEPS);
  });
  return { codes, largest };
}

/** [256] pixels of difference codes: the colour of the side that has more, ever more opaque. */
export function differenceTable(colors: { first: string; second: string }): PixelTable {
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const share = Math.min(1, Math.abs(code - NO_DIFFERENCE) / STEPS);
    return packColor(code < NO_DIFFERENCE ? colors.first : colors.second, share);
  });
}
