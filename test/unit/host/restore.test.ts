/** What a panel left behind: read back and checked. */
import { describe, expect, it } from 'vitest';
import { readPersisted } from '../../../src/host/panels/persisted';
import { readPersistedSides } from '../../../src/host/panels/persistedSides';
import type { ConversionRequest } from '../../../src/protocol/conversion';
import { usualSides } from '../../../src/protocol/sides';

const conversion: ConversionRequest = {
  G: 2,
  grouping: 'manual',
  merge: 'pca-refit',
  assignment: [
    [0, 1],
    [1, 0],
  ],
  calibration: { file: '/texts/a.txt', tokens: 2048 },
};

function stored(value: unknown): unknown {
  return { kind: 'explorer', state: { modelPath: '/model', text: 'a', conversion: value, ui: { layer: 1 } } };
}

describe('a stored conversion', () => {
  it('comes back whole', () => {
    expect(readPersisted(stored(conversion), 'explorer')).toEqual({
      ...{ modelPath: '/model', text: 'a', decoderText: '', ui: { layer: 1 } },
      conversion,
    });
  });

  it.each([
    [
      { ...conversion, assignment: [[0, '1']] },
      { ...conversion, assignment: undefined },
    ],
    [
      { ...conversion, calibration: { file: 1, tokens: 2 } },
      { ...conversion, calibration: undefined },
    ],
    [{ ...conversion, surprise: true }, conversion],
  ])('loses what is damaged: %j', (value, expected) => {
    expect(readPersisted(stored(value), 'explorer')?.conversion).toEqual(expected);
  });

  it.each([null, 7, {}, { G: '2', grouping: 'a', merge: 'b' }])('is none: %j', (value) => {
    expect(readPersisted(stored(value), 'explorer')).toBeNull();
    expect(readPersisted(stored(conversion), 'diff')).toBeNull();
  });
});

describe('a stored comparison', () => {
  it('comes back with the sides that it had', () => {
    const storedSides = (sides: unknown): unknown => ({ kind: 'diff', state: { sides } });
    const sides = { a: { kind: 'conversion', conversion }, b: { kind: 'checkpoint', path: '/child' } };
    expect(readPersistedSides(storedSides(sides))).toEqual(sides);
    expect(readPersistedSides(storedSides({ ...sides, b: { kind: 'checkpoint' } })).b).toEqual(usualSides.b);
    for (const damaged of [null, 7, [], { a: 1, b: { kind: 'what' } }]) {
      expect(readPersistedSides(storedSides(damaged))).toEqual(usualSides);
    }
  });
});
