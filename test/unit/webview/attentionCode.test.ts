/** One-byte attention codes: decoding, histograms, shrinking. */
import { describe, expect, it } from 'vitest';
import {
  addToHistogram,
  CODE_WEIGHTS,
  codeOfWeight,
  shrinkMap,
  weightOfCode,
} from '../../../webview/shared/attentionCode';

describe('attention codes', () => {
  it('decode as the protocol says', () => {
    expect(weightOfCode(0)).toBe(0);
    expect(weightOfCode(255)).toBe(1);
    expect(weightOfCode(243)).toBe(0.5);
    expect(weightOfCode(1)).toBeCloseTo(4.2e-7, 8);
    expect(CODE_WEIGHTS[255]).toBe(1);
  });

  it('stay within half a step (3 %) of the weight they were made from', () => {
    for (const weight of [1, 0.73, 0.1, 3.3e-3, 1e-5]) {
      const decoded = weightOfCode(Math.round(codeOfWeight(weight)));
      expect(Math.abs(decoded / weight - 1)).toBeLessThan(0.03);
    }
  });

  it('are counted without the masked triangle, and without the first key when asked', () => {
    const codes = Uint8Array.from([255, 9, 200, 100]); // [2, 2]; the 9 is masked
    const all = new Uint32Array(256);
    addToHistogram(all, codes, { S: 2, T: 2, causal: true }, false);
    expect([all[255], all[9], all[200], all[100]]).toEqual([1, 0, 1, 1]);
    const hidden = new Uint32Array(256);
    addToHistogram(hidden, codes, { S: 2, T: 2, causal: true }, true);
    expect([hidden[255], hidden[200], hidden[100]]).toEqual([0, 0, 1]);
    const full = new Uint32Array(256);
    addToHistogram(full, codes, { S: 2, T: 2, causal: false }, false);
    expect(full[9]).toBe(1);
  });

  it('keep the strongest cell of a block when a map shrinks', () => {
    const codes = new Uint8Array(16);
    codes[4 * 3 + 1] = 250;
    expect(shrinkMap(codes, 4, 4, 2)).toEqual({ codes: Uint8Array.from([0, 0, 250, 0]), S: 2, T: 2 });
    expect(shrinkMap(codes, 4, 4, 4).codes).toBe(codes);
  });

  it('keep the largest deviation, of either sign, when a difference shrinks', () => {
    const codes = new Uint8Array(4).fill(128);
    codes[1] = 140;
    codes[2] = 90;
    expect([...shrinkMap(codes, 2, 2, 1, 128).codes]).toEqual([90]);
    // A masked score is no deviation.
    codes[3] = 0;
    expect([...shrinkMap(codes, 2, 2, 1, 128).codes]).toEqual([90]);
  });
});
