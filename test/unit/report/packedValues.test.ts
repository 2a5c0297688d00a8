// Values of a report as bytes and back.
import { describe, expect, it } from 'vitest';
import { packValue, unpackValue } from '../../../src/protocol/packedValues';

describe('packed values', () => {
  it('come back as they were, arrays of every kind among them', () => {
    const value = {
      text: '</script><!-- \u2028 " \\ 𝒳',
      numbers: [0, -1.5, 1e-300, null, true],
      codes: Uint8Array.of(1, 2, 255),
      ids: Uint32Array.of(7, 4294967295),
      nested: [{ weights: Float32Array.of(0.1, -0, 3e38), empty: new Float32Array(0) }],
    };
    expect(unpackValue(packValue(value))).toEqual(value);
  });

  it('keep numbers that JSON has no words for', () => {
    expect(unpackValue(packValue({ odd: [NaN, Infinity, -Infinity] }))).toEqual({ odd: [NaN, Infinity, -Infinity] });
  });

  it('write a view of a larger buffer, and read from one at any multiple of 4', () => {
    const part = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    const packed = packValue({ part, more: Uint8Array.of(5) });
    const larger = new Uint8Array(packed.length + 8);
    larger.set(packed, 8);
    expect(unpackValue(larger.subarray(8))).toEqual({ part: Float32Array.of(1, 2), more: Uint8Array.of(5) });
  });
});
