// Numbers and tables of the command line.
import { describe, expect, it } from 'vitest';
import { formatBytes, formatChange, formatCount, table } from '../../../src/engine/cli/text';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [512, '512'],
    [7340032, '7.34 M'],
    [1_200_000_000, '1.2 B'],
    [999_999, '1000 K'],
  ])('count %d is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [96, '96 B'],
    [6144, '6 KiB'],
    [1536, '1.5 KiB'],
    [134217728, '128 MiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [6144, 1536, '-75 %'],
    [2, 3, '+50 %'],
    [5, 5, 'same'],
    [1000, 1001, 'less than 1 % apart'],
    [NaN, 1, '–'],
  ])('the change from %d to %d is %s', (before, after, text) => {
    expect(formatChange(before, after)).toBe(text);
  });
});

it('aligns columns to the left and right', () => {
  expect(
    table(
      [
        ['name', '1'],
        ['n', '100'],
      ],
      'lr',
    ),
  ).toBe('name    1\nn     100');
});
