/** Masked tokens: the paper's share, none twice, and the text is still there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskTokens } from '../../../src/engine/maskTokens';
import { uniformRandom } from '../../../src/gqa/random';

const mask = 4;
const text = (length: number): number[] => Array.from({ length }, (_, index) => 10 + index);
const maskedPlaces = ({ masked, original }: ReturnType<typeof maskTokens>): number[] =>
  masked.flatMap((id, position) => (id === original[position] ? [] : [position]));

describe('maskTokens', () => {
  it('masks 15 %, the same each time, other places in another window', () => {
    const first = maskTokens(text(512), mask, uniformRandom(0));
    expect(maskedPlaces(first)).toHaveLength(77);
    expect(maskTokens(text(512), mask, uniformRandom(0))).toEqual(first);
    expect(maskTokens(text(512), mask, uniformRandom(1))).not.toEqual(first);
  });

  it('keeps the text, masks at least one token, and nothing where there is no mask or all is masked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), (length, seed) => {
        const found = maskTokens(text(length), mask, uniformRandom(seed));
        const places = maskedPlaces(found);
        expect(found.original).toEqual(text(length));
        expect(places.length).toBe(Math.max(1, Math.round(0.15 * length)));
        expect(places.every((place) => found.masked[place] === mask)).toBe(true);
      }),
    );
    expect(maskedPlaces(maskTokens(text(9), null, uniformRandom(0)))).toEqual([]);
    expect(maskedPlaces(maskTokens([mask, mask], mask, uniformRandom(0)))).toEqual([]);
    expect(maskTokens([], mask, uniformRandom(0))).toEqual({ masked: [], original: [] });
  });
});
