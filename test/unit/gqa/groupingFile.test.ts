// Grouping files: what is written is read again, and what is wrong is named with file and layer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGrouping, parseGrouping } from '../../../src/gqa/groupingFile';
import type { Grouping } from '../../../src/gqa/grouping';
import { makeSpec } from './memorySource';

const spec = makeSpec({ L: 2, H: 4, G: 4 });
const parse = (text: string): Grouping => parseGrouping(text, 'my.json', spec);
const origin = { source: 'a "model"', sourceKvHeads: 4, grouping: 'manual' };

describe('a grouping file', () => {
  it('gives back every grouping that was written', () => {
    const layer = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 4), layer, layer, (G, a, b) => {
        const grouping = { G, groupOfKvHead: [a, b].map((order) => order.map((place) => place % G)) };
        expect(parse(formatGrouping(grouping, origin))).toEqual(grouping);
      }),
    );
  });

  it('has one line a layer and says where it comes from', () => {
    const text = formatGrouping({ G: 2, groupOfKvHead: [[0, 1, 0, 1], [0, 0, 0, 1]] }, origin); // prettier-ignore
    expect(text).toBe(`{
  "source": "a \\"model\\"",
  "sourceKvHeads": 4,
  "grouping": "manual",
  "kvHeads": 2,
  "groupOfKvHead": [
    [0,1,0,1],
    [0,0,0,1]
  ]
}
`);
  });

  it('takes what an export tells about itself', () => {
    const record = { source: 'x', kvHeads: 1, merge: 'mean', groupOfKvHead: [[0, 0, 0, 0], [0, 0, 0, 0]] }; // prettier-ignore
    expect(parse(JSON.stringify(record)).G).toBe(1);
  });

  it.each([
    ['', /my\.json; expected JSON/],
    ['[]', /"kvHeads".*found nothing/],
    ['null', /"kvHeads".*found nothing/],
    ['{"kvHeads": 2.5}', /"kvHeads".*found 2\.5/],
    ['{"kvHeads": 2}', /"groupOfKvHead".*found nothing/],
    ['{"kvHeads": 2, "groupOfKvHead": [[0,0,1,1],["a"]]}', /my\.json; expected layer 1 as a list.*found \["a"\]/],
    ['{"kvHeads": 2, "groupOfKvHead": [[0,0,1,1]]}', /my\.json; expected 2 layers.*found 1 layers/],
    ['{"kvHeads": 2, "groupOfKvHead": [[0,0,1,1],[0,0,1]]}', /2 layers of 4 KV heads.*found layer 1: 0, 0, 1/],
    ['{"kvHeads": 2, "groupOfKvHead": [[0,0,1,1],[0,0,1,2]]}', /groups 0 to 1.*found layer 1: 0, 0, 1, 2/],
    ['{"kvHeads": 3, "groupOfKvHead": [[0,0,1,1],[0,1,2,2]]}', /none of them empty; found layer 0: 0, 0, 1, 1/],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
