/** Rotary frequencies against the formulas of transformers' modeling_rope_utils, worked in float64. */
import { describe, expect, it } from 'vitest';
import { rotaryPosition } from '../../../src/model/rope';

const frequencies = (config: Record<string, unknown>, rotaryDim = 8): number[] => [
  ...rotaryPosition(config, rotaryDim, 'half').position.inverseFrequencies,
];

/** Largest relative difference. */
function distance(found: number[], expected: number[]): number {
  expect(found.length).toBe(expected.length);
  return Math.max(...found.map((value, i) => Math.abs(value / (expected[i] ?? NaN) - 1)));
}

describe('frequencies', () => {
  it('fall from 1 by the base', () => {
    expect(distance(frequencies({ rope_theta: 10_000 }), [1, 0.1, 0.01, 0.001])).toBeLessThan(2e-7);
    expect(frequencies({}).every((value) => Math.fround(value) === value)).toBe(true);
  });

  it('are divided by a linear factor', () => {
    const config = { rope_theta: 10_000, rope_scaling: { type: 'linear', factor: 4 } };
    expect(distance(frequencies(config), [0.25, 0.025, 0.0025, 0.00025])).toBeLessThan(2e-7);
  });

  it('keep, blend and stretch under llama3 scaling', () => {
    // Waves of 2π·(1, 10, 100, 1000) positions; kept below 1024/4, stretched above 1024/1, blended between.
    // The third: smooth = (1024 / (200π) − 1) / 3 = 0.209915…, (1 − smooth) · 0.01 / 8 + smooth · 0.01 = 0.003086760…
    const smooth = (1024 / (200 * Math.PI) - 1) / 3;
    const blended = ((1 - smooth) * 0.01) / 8 + smooth * 0.01;
    expect(blended).toBeCloseTo(0.00308676, 8);
    const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 1024 };
    const config = { rope_parameters: { rope_type: 'llama3', rope_theta: 10_000, ...llama3 } };
    expect(distance(frequencies(config), [1, 0.1, blended, 0.001 / 8])).toBeLessThan(1e-6);
  });

  it('blend without a step at the ends of the band', () => {
    // Llama 3.1 8B: K 128, base 500000, context 8192.
    const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    const plain = frequencies({ rope_theta: 500_000 }, 128);
    const scaled = frequencies({ rope_theta: 500_000, rope_scaling: { rope_type: 'llama3', ...llama3 } }, 128);
    const stretch = scaled.map((value, j) => (plain[j] ?? NaN) / value);
    const inBand = plain.map((value) => (2 * Math.PI) / value > 2048 && (2 * Math.PI) / value < 8192);
    expect(inBand.filter(Boolean).length).toBeGreaterThan(5);
    stretch.forEach((value, j) => {
      const wavelength = (2 * Math.PI) / (plain[j] ?? NaN);
      const smooth = (8192 / wavelength - 1) / 3;
      const expected = wavelength < 2048 ? 1 : wavelength > 8192 ? 8 : 1 / ((1 - smooth) / 8 + smooth);
      expect(Math.abs(value / expected - 1)).toBeLessThan(1e-5);
    });
  });
});

describe('settings', () => {
  it('are told to people', () => {
    expect(rotaryPosition({}, 8, 'half').text).toBe('rotary, base 10000');
    const config = { rope_theta: 5e5, rope_scaling: { type: 'linear', factor: 2 } };
    expect(rotaryPosition(config, 8, 'half').text).toBe('rotary, base 500000, linear scaling 2x');
  });
  it.each([
    ['an unknown scaling', { rope_scaling: { type: 'telepathic' } }, /rope_type.*default, linear, llama3.*telepathic/],
    ['a scaling named like a method', { rope_scaling: { type: 'constructor' } }, /rope_type/],
    ['no factor', { rope_scaling: { type: 'linear' } }, /factor/],
    [
      'an empty band',
      {
        rope_scaling: {
          type: 'llama3',
          factor: 8,
          low_freq_factor: 4,
          high_freq_factor: 4,
          original_max_position_embeddings: 8,
        },
      },
      /high_freq_factor.*above low_freq_factor/,
    ],
  ])('with %s are refused', (_, config, message) => {
    expect(() => frequencies(config)).toThrow(message);
  });
  it('need an even number of components', () => {
    expect(() => frequencies({}, 7)).toThrow(/even/);
  });
});
