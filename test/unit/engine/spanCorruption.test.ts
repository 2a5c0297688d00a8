/** Spans taken out of a text: nothing is lost, the paper's shares hold, and texts of any length give something to read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corruptSpans } from '../../../src/engine/spanCorruption';
import { uniformRandom } from '../../../src/gqa/random';

const sentinels = Array.from({ length: 100 }, (_, span) => 1000 + span);
const marks = { sentinels, start: 0, end: 1 };
const text = (length: number): number[] => Array.from({ length }, (_, index) => 10 + index);
const isSentinel = (id: number): boolean => id >= 1000;

/** The text again: each sentinel of the encoder gives way to what follows it in the decoder. */
function restored({ encoder, decoder }: ReturnType<typeof corruptSpans>): number[] {
  const spans = new Map<number, number[]>();
  let current: number[] = [];
  for (const id of decoder.slice(1, -1)) {
    if (isSentinel(id)) spans.set(id, (current = []));
    else current.push(id);
  }
  return encoder.slice(0, -1).flatMap((id) => (isSentinel(id) ? (spans.get(id) ?? []) : [id]));
}

describe('corruptSpans', () => {
  it('takes 15 % out in spans of 3 on average, and marks them in order', () => {
    const { encoder, decoder } = corruptSpans(text(512), marks, uniformRandom(3));
    const taken = decoder.slice(1, -1).filter((id) => !isSentinel(id));
    expect(taken).toHaveLength(77);
    expect(encoder.filter(isSentinel)).toEqual(sentinels.slice(0, 26));
    expect(decoder.filter(isSentinel)).toEqual(sentinels.slice(0, 26));
    expect([encoder.at(-1), decoder[0], decoder.at(-1)]).toEqual([1, 0, 1]);
    expect(corruptSpans(text(512), marks, uniformRandom(3))).toEqual({ encoder, decoder });
    expect(corruptSpans(text(512), marks, uniformRandom(4))).not.toEqual({ encoder, decoder });
  });

  it('loses nothing of a text of any length, and leaves both stacks something to read', () => {
    const cases = fc.record({ length: fc.integer({ min: 2, max: 400 }), seed: fc.nat(), ends: fc.boolean() });
    fc.assert(
      fc.property(cases, ({ length, seed, ends }) => {
        const ids = ends ? [...text(length), 1] : text(length);
        const pair = corruptSpans(ids, marks, uniformRandom(seed));
        expect(restored(pair)).toEqual(text(length));
        expect(pair.encoder.filter((id) => !isSentinel(id)).length).toBeGreaterThan(1);
        expect(pair.decoder.length).toBeGreaterThan(3);
      }),
    );
  });

  it('makes no more spans than there are sentinels, and cuts into halves without them', () => {
    const few = corruptSpans(text(300), { ...marks, sentinels: sentinels.slice(0, 2) }, uniformRandom(1));
    expect(few.encoder.filter(isSentinel)).toEqual([1000, 1001]);
    expect(restored(few)).toEqual(text(300));
    const none = corruptSpans(text(5), { ...marks, sentinels: [] }, uniformRandom(1));
    expect(none).toEqual({ encoder: [10, 11, 12, 1], decoder: [0, 13, 14, 1] });
    expect(corruptSpans([10], { sentinels, start: 0, end: null }, uniformRandom(1))).toEqual({
      encoder: [10],
      decoder: [0],
    });
  });
});
