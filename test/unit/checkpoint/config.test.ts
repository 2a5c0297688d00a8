/** Fields of config.json: both spellings mean the same, and wrong values are told by name. */
import { describe, expect, it } from 'vitest';
import {
  readBoolean,
  readEndTokens,
  readInteger,
  readNumber,
  readRotary,
  readText,
} from '../../../src/checkpoint/config';

describe('both spellings', () => {
  it('give the same rotary settings', () => {
    const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    const five = readRotary({ rope_parameters: { ...scaling, rope_type: 'llama3', rope_theta: 5e5 } });
    const four = readRotary({ rope_theta: 5e5, rope_scaling: { ...scaling, rope_type: 'llama3' } });
    const older = readRotary({ rope_theta: 5e5, rope_scaling: { ...scaling, type: 'llama3' } });
    for (const rotary of [five, four, older]) {
      expect(rotary).toMatchObject({ theta: 5e5, type: 'llama3', parameters: scaling });
    }
  });
  it('have the same defaults', () => {
    const plain = { theta: 10_000, type: 'default' };
    expect(readRotary({})).toMatchObject(plain);
    expect(readRotary({ rope_scaling: null })).toMatchObject(plain);
    expect(readRotary({ rope_parameters: { rope_type: 'default' } })).toMatchObject(plain);
  });
});

it('the tokens that end a text are one, several or none', () => {
  expect(readEndTokens({ eos_token_id: 2 })).toEqual([2]);
  expect(readEndTokens({ eos_token_id: [2, 7] })).toEqual([2, 7]);
  expect(readEndTokens({ eos_token_id: null })).toEqual([]);
  expect(() => readEndTokens({ eos_token_id: ['</s>'] })).toThrow(/eos_token_id.*a token id or a list/);
});

describe('a wrong field is named', () => {
  it.each([
    ['missing', {}, /field n .*a number.*no such field/],
    ['null', { n: null }, /field n .*found null/],
    ['text', { n: '8' }, /field n .*found "8"/],
    ['not whole', { n: 1.5 }, /field n .*whole number.*found 1.5/],
    ['too small', { n: 0 }, /field n .*from 1 to 64.*found 0/],
    ['too large', { n: 65 }, /field n .*from 1 to 64.*found 65/],
    ['a list', { n: [8] }, /field n .*found \[8\]/],
  ])('when it is %s', (_, config, message) => {
    expect(() => readInteger(config, 'n', { minimum: 1, maximum: 64 })).toThrow(message);
  });
  it('whatever its type', () => {
    expect(() => readNumber({ x: 'a' }, 'x')).toThrow(/field x/);
    expect(() => readBoolean({ x: 'true' }, 'x', false)).toThrow(/field x .*true or false/);
    expect(() => readText({ x: 3 }, 'x')).toThrow(/field x .*text/);
    expect(() => readRotary({ rope_scaling: 'yes' })).toThrow(/rope_scaling/);
    expect(() => readRotary({ rope_theta: -1 })).toThrow(/rope_theta/);
  });
  it('and absent fields take the fallback only when there is one', () => {
    expect(readInteger({}, 'n', { fallback: 7 })).toBe(7);
    expect(readInteger({ n: null }, 'n', { fallback: 7 })).toBe(7);
    expect(readBoolean({}, 'b', true)).toBe(true);
  });
});
