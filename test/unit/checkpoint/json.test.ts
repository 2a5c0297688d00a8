/** JSON of checkpoints: keys given twice are found, and one number is replaced without touching the rest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonObject, withObject, withoutObject, withTopLevelValue } from '../../../src/checkpoint/json';

describe('keys given twice', () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '{"x":[{"b":1,"b":1}]}',
    '{"a\\"":1,"a\\u0022":2}',
    '{ "a" : 1 , "a" : 2 }',
  ])('are refused: %s', (text) => {
    expect(() => parseJsonObject(text, 'f.json')).toThrow(/f\.json.*twice/);
  });
  it.each([
    '{"a":{"a":{"a":1}}}',
    '{"a":"a","b":"a"}',
    '{"x":[{"a":1},{"a":1}]}',
    '{"a":"\\"a\\":1","b":"{\\"a\\":"}',
    '{"__proto__":1}',
  ])('are told from keys of other objects and from text: %s', (text) => {
    expect(parseJsonObject(text, 'f.json')).toEqual(JSON.parse(text));
  });
});

describe('replacing a number', () => {
  it.each([
    ['{"x": 1.0, "n": 8, "y": {"n": 8}}', '{"x": 1.0, "n": 2, "y": {"n": 8}}'],
    ['{"y": {"n": 8}, "n" :\n 8}', '{"y": {"n": 8}, "n" :\n 2}'],
    ['{"n": null}', '{"n": 2}'],
    ['{"s": "\\"n\\": 8", "n": 1e1}', '{"s": "\\"n\\": 8", "n": 2}'],
    ['{"x": 1e-06}', '{\n  "n": 2,"x": 1e-06}'],
  ])('%s', (before, after) => {
    expect(withTopLevelValue(before, 'n', 2)).toBe(after);
    expect(JSON.parse(after)).toMatchObject({ n: 2 });
  });
});

describe('changing an object within', () => {
  const change = (text: string) => withObject(text, 'part', (object) => withTopLevelValue(object, 'n', 2));
  it.each([
    [
      '{"n": 8, "part": {"n": 8.0, "x": [{"n": 8}]}, "z": 1.0}',
      '{"n": 8, "part": {"n": 2, "x": [{"n": 8}]}, "z": 1.0}',
    ],
    [
      '{"other": {"part": {"n": 8}}, "part" : {"y": {"n": 8}, "n": 8}}',
      '{"other": {"part": {"n": 8}}, "part" : {"y": {"n": 8}, "n": 2}}',
    ],
    ['{"part": 8, "n": 8}', '{"part": 8, "n": 8}'],
    ['{"n": 8}', '{"n": 8}'],
  ])('leaves the rest as it is: %s', (text, expected) => {
    expect(change(text)).toBe(expected);
  });
});

describe('taking an object out', () => {
  it.each([
    ['{"n": {"a": [1, "}"]}, "x": 1.0}', '{ "x": 1.0}'],
    ['{"x": 1.0, "n": {"b": "\\"},"}}', '{"x": 1.0}'],
    ['{\n  "x": 1.0,\n  "n": {"n": {}},\n  "y": {"n": 2}\n}', '{\n  "x": 1.0,\n  "y": {"n": 2}\n}'],
    ['{"n": {}}', '{}'],
    ['{"x": {"n": {}}, "n": 1}', '{"x": {"n": {}}, "n": 1}'],
  ])('%s', (before, after) => {
    expect(withoutObject(before, 'n')).toBe(after);
  });
  it('leaves what is left as JSON has it', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, object, fc.boolean(), (rest, value, first) => {
        const others = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'n'));
        const whole = first ? { n: value, ...others } : { ...others, n: value };
        const text = withoutObject(JSON.stringify(whole, null, 2), 'n');
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(others)));
      }),
    );
  });
});
