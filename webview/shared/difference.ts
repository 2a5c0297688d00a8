/**
 * The difference of two attention maps as codes and colours. Pure arithmetic.
 * Code 128 is no difference, below it the first map has more weight, above it the second; codes grow with the square
 * root of the difference, because most differences are small and the eye should still find them.
 */
import { CODE_WEIGHTS } from './attentionCode';
import { NO_DIFFERENCE } from './mapCells';
import { packColor, type PixelTable } from './colorScale';

export { NO_DIFFERENCE };
const STEPS = 127;

export interface DifferenceMap {
  /** [S, T] */
  codes: Uint8Array;
  /** The difference of the strongest colour. */
  largest: number;
}

/**
 * Second minus first map.
 * @param first [S, T] attention codes
 * @param second [S, T] attention codes
 * @param skipFirstKey leaves column 0 out of the scale
 */
export function differenceMap(first: Uint8Array, second: Uint8Array, T: number, skipFirstKey: boolean): DifferenceMap {
  const differences = Float64Array.from(first, (code, place) => weight(second[place]) - weight(code));
  const largest = differences.reduce(
    (most, difference, place) => (skipFirstKey && place % T === 0 ? most : Math.max(most, Math.abs(difference))),
    1e-6,
  );
  const codes = Uint8Array.from(differences, (difference) => {
    const share = Math.sqrt(Math.min(1, Math.abs(difference) / largest));
    return NO_DIFFERENCE + Math.sign(difference) * Math.round(share * STEPS);
  });
  return { codes, largest };
}

function weight(code: number | undefined): number {
  return CODE_WEIGHTS[code ?? 0] ?? 0;
}

/** [256] pixels of difference codes: the colour of the side that has more, ever more opaque. */
export function differenceTable(colors: { first: string; second: string }): PixelTable {
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const share = Math.min(1, Math.abs(code - NO_DIFFERENCE) / STEPS);
    return packColor(code < NO_DIFFERENCE ? colors.first : colors.second, share);
  });
}
