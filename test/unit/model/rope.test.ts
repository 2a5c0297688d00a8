/** Rotary frequencies against the formulas of transformers' modeling_rope_utils, worked in float64. */
import { describe, expect, it } from 'vitest';
import { frequenciesFor, rotaryPosition } from '../../../src/model/rope';

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

describe('yarn scaling', () => {
  // Waves of 2π·(1, 10, 100, 1000) positions over 1000: the plane that turns n times is 8·ln(1000 / 2πn) / 2·ln 10000, which is
  // 0.6967 for 32 turns and 2.2018 for one.
  const parameters = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 1000 };
  const yarn = (own: Record<string, unknown> = {}): number[] =>
    frequencies({ rope_parameters: { rope_theta: 10_000, ...parameters, ...own } });

  it('keeps, blends and stretches between whole planes 0 and 3', () => {
    const expected = [1, 0.1 * (2 / 3 + 1 / 3 / 4), 0.01 * (1 / 3 + 2 / 3 / 4), 0.001 / 4];
    expect(distance(yarn(), expected)).toBeLessThan(1e-6);
  });
  it('blends between broken planes where they are not truncated', () => {
    const [low, high] = [0.69667015, 2.20182013];
    const ramp = [0, 1, 2, 3].map((plane) => Math.min(Math.max((plane - low) / (high - low), 0), 1));
    expect(ramp[1]).toBeCloseTo(0.2015, 4);
    const expected = [1, 0.1, 0.01, 0.001].map((plain, j) => plain * (1 - (ramp[j] ?? NaN) * (1 - 1 / 4)));
    expect(distance(yarn({ truncate: false }), expected)).toBeLessThan(1e-6);
  });
  it('moves the band with the turns that are asked for', () => {
    // 8·ln(1000 / 8π) / 2·ln 10000 = 1.60 and 8·ln(1000 / 4π) / 2·ln 10000 = 1.90: planes 1 to 2.
    expect(distance(yarn({ beta_fast: 4, beta_slow: 2 }), [1, 0.1, 0.0025, 0.00025])).toBeLessThan(1e-6);
  });
  it('scales cos and sin by what is given, or by the stretch', () => {
    const scale = (own: Record<string, unknown>): number =>
      rotaryPosition({ rope_parameters: { ...parameters, ...own } }, 8, 'half').position.scale;
    expect(scale({})).toBeCloseTo(0.1 * Math.log(4) + 1, 12);
    expect(scale({ attention_factor: 0.7 })).toBe(0.7);
    const deepseek = scale({ mscale: 0.707, mscale_all_dim: 1 });
    expect(deepseek).toBeCloseTo((0.0707 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1), 12);
  });
});

describe('frequencies by length', () => {
  it('of dynamic NTK scaling grow the base beyond the positions of the model', () => {
    const rope = { rope_type: 'dynamic', factor: 2, rope_theta: 10_000 };
    const { position } = rotaryPosition({ max_position_embeddings: 100, rope_parameters: rope }, 8, 'half');
    expect(distance([...frequenciesFor(position, 100)], [1, 0.1, 0.01, 0.001])).toBeLessThan(2e-7);
    // 10000 · (2·150/100 − 1)^(8/6)
    const base = 10_000 * 2 ** (4 / 3);
    const expected = [0, 1, 2, 3].map((j) => base ** (-j / 4));
    expect(distance([...frequenciesFor(position, 150)], expected)).toBeLessThan(1e-6);
  });
  it('of longrope are divided plane by plane, and otherwise beyond the training text', () => {
    const rope = { type: 'longrope', short_factor: [1, 1.1, 1.2, 1.3], long_factor: [2, 3, 5, 8] };
    const config = {
      ...{ max_position_embeddings: 4000, original_max_position_embeddings: 1000 },
      ...{ rope_theta: 10_000, rope_scaling: rope },
    };
    const { position, text } = rotaryPosition(config, 8, 'half');
    expect(distance([...frequenciesFor(position, 1000)], [1, 0.1 / 1.1, 0.01 / 1.2, 0.001 / 1.3])).toBeLessThan(3e-7);
    expect(distance([...frequenciesFor(position, 1001)], [1 / 2, 0.1 / 3, 0.01 / 5, 0.001 / 8])).toBeLessThan(3e-7);
    expect(position.scale).toBeCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(1000)), 12);
    expect(text).toBe('rotary, base 10000, longrope scaling 4x');
    const wrong = { ...config, rope_scaling: { ...rope, long_factor: [1, 2] } };
    expect(() => rotaryPosition(wrong, 8, 'half')).toThrow(/long_factor.*4 numbers above 0/);
  });
});

describe('a part of each head', () => {
  it.each([
    ['transformers 5', { rope_parameters: { partial_rotary_factor: 0.5 } }],
    ['transformers 4', { partial_rotary_factor: 0.5 }],
    ['GPT-NeoX', { rotary_pct: 0.5, rotary_emb_base: 10_000 }],
  ])('turns as %s spells it', (_, config) => {
    const { position, text } = rotaryPosition(config, 16, 'half', { theta: 10_000, share: 0.25 });
    expect(position.rotaryDim).toBe(8);
    expect(distance([...position.inverseFrequencies], [1, 0.1, 0.01, 0.001])).toBeLessThan(2e-7);
    expect(text).toBe('rotary on 8 of 16 components, base 10000');
  });
  it('is what the family says where the config does not', () => {
    expect(rotaryPosition({}, 16, 'half', { share: 0.25 }).position.rotaryDim).toBe(4);
  });
});

describe('settings', () => {
  it('are told to people', () => {
    expect(rotaryPosition({}, 8, 'half').text).toBe('rotary, base 10000');
    const config = { rope_theta: 5e5, rope_scaling: { type: 'linear', factor: 2 } };
    expect(rotaryPosition(config, 8, 'half').text).toBe('rotary, base 500000, linear scaling 2x');
  });
  it.each([
    [
      'an unknown scaling',
      { rope_scaling: { type: 'telepathic' } },
      /rope_type.*default, linear, dynamic, yarn, llama3, longrope.*telepathic/,
    ],
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
