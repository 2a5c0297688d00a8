/**
 * Rotary embedding frequencies: the registry of scalings.
 * Role: config to inverse frequencies, in float32 as transformers computes them (modeling_rope_utils.py). Turning
 * vectors by them is a GPU kernel.
 */
import { invalidField, readNumber, readRotary } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import type { PositionSpec } from './spec';

type Rotary = Extract<PositionSpec, { kind: 'rotary' }>;

interface Scaling {
  /** Changes unscaled frequencies; every step is rounded to float32. */
  apply(frequencies: Float32Array, parameters: JsonObject): Float32Array;
  /** For people: "linear scaling 2x", or nothing. */
  describe(parameters: JsonObject): string;
}

const factorOf = (parameters: JsonObject): number => readNumber(parameters, 'factor', { minimum: 1 });

/** By rope_type. */
const scalings: Readonly<Record<string, Scaling>> = {
  default: { apply: (frequencies) => frequencies, describe: () => '' },
  linear: {
    apply: (frequencies, parameters) => frequencies.map((frequency) => frequency / factorOf(parameters)),
    describe: (parameters) => `linear scaling ${factorOf(parameters)}x`,
  },
  llama3: { apply: llama3, describe: (parameters) => `llama3 scaling ${factorOf(parameters)}x` },
};

/**
 * `_compute_llama3_parameters`: long waves are stretched by the factor, short ones kept, and those between blended.
 */
function llama3(frequencies: Float32Array, parameters: JsonObject): Float32Array {
  const { fround } = Math;
  const factor = factorOf(parameters);
  const low = readNumber(parameters, 'low_freq_factor', { minimum: Number.MIN_VALUE });
  const high = readNumber(parameters, 'high_freq_factor', { minimum: Number.MIN_VALUE });
  const context = readNumber(parameters, 'original_max_position_embeddings', { minimum: 1 });
  if (high <= low) throw invalidField('high_freq_factor', `a number above low_freq_factor, ${low}`, high);
  return frequencies.map((frequency) => {
    // torch computes number / tensor as reciprocal times number, each rounded.
    const wavelength = fround(fround(1 / frequency) * fround(2 * Math.PI));
    if (wavelength > context / low) return frequency / factor;
    if (wavelength < context / high) return frequency;
    const smooth = fround(fround(fround(fround(1 / wavelength) * context) - low) / (high - low));
    const stretched = fround(fround(fround(1 - smooth) * frequency) / factor);
    return stretched + fround(smooth * frequency);
  });
}

/** Inverse frequencies without scaling: base^(-2j / rotaryDim), [rotaryDim / 2]. */
function plainFrequencies(theta: number, rotaryDim: number): Float32Array {
  return Float32Array.from(
    { length: rotaryDim / 2 },
    (_, j) => 1 / Math.fround(theta ** Math.fround((2 * j) / rotaryDim)),
  );
}

/**
 * The position part of a spec from a config with rotary settings.
 * @param rotaryDim leading components of a head that turn
 * @throws GqaLensError when the scaling is unknown or its settings are wrong
 */
export function rotaryPosition(
  config: JsonObject,
  rotaryDim: number,
  layout: Rotary['layout'],
): { position: Rotary; text: string } {
  if (rotaryDim % 2 !== 0) throw invalidField('head_dim', 'an even number of rotating components', rotaryDim);
  const { theta, type, parameters } = readRotary(config);
  const scaling = Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (!scaling) throw invalidField('rope_type', `one of ${Object.keys(scalings).join(', ')}`, type);
  const inverseFrequencies = scaling.apply(plainFrequencies(theta, rotaryDim), parameters);
  const note = scaling.describe(parameters);
  return {
    position: { kind: 'rotary', layout, rotaryDim, inverseFrequencies, scale: 1 },
    text: `rotary, base ${theta}${note === '' ? '' : `, ${note}`}`,
  };
}
