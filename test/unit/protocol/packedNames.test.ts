/** Packed names: they come back as they were, and neighbours cost little. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packNames, unpackNames } from '../../../src/protocol/packedNames';

it('come back as they were, in their order, whatever is in them', () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a.1', 'a.10', 'a\u{1F600}', 'a\u{1F601}', ''));
  fc.assert(
    fc.property(fc.array(name), (names) => {
      expect(unpackNames(packNames(names))).toEqual(names);
    }),
  );
});

it('take a few bytes each where they differ in a number', () => {
  const names = Array.from({ length: 1000 }, (_, layer) => `model.layers.${layer}.self_attn.q_proj.weight`);
  const long = 'x'.repeat(70_000);
  expect(packNames(names.flatMap((one) => [one, `${one}_scale`])).endings.length).toBeLessThan(names.length * 45);
  expect(unpackNames(packNames([long, `${long}y`]))).toEqual([long, `${long}y`]);
});
