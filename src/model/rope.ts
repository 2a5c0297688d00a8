/**
 * Rotary embedding frequencies: the registry of scalings.
 * Role: config to inverse frequencies, in float32 as transformers computes them (modeling_rope_utils.py). Turning
 * vectors by them is a GPU kernel.
 */
import { hasField, invalidField, readBoolean, readNumber, readRotary, type RotaryDefaults } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import type { RotarySpec } from './spec';

const { fround } = Math;

/** What a scaling may look at. */
interface ScalingInput {
  theta: number;
  rotaryDim: number;
  /** The scaling's own settings. */
  parameters: JsonObject;
  config: JsonObject;
}

type Scaled = Pick<RotarySpec, 'inverseFrequencies' | 'longer'> & { scale?: number };

interface Scaling {
  /** Every step is rounded to float32. */
  apply(input: ScalingInput): Scaled;
  /** For people: "linear scaling 2x", or nothing. */
  describe(input: ScalingInput): string;
}

const factorOf = ({ parameters }: ScalingInput): number => readNumber(parameters, 'factor', { minimum: 1 });

/** Positions of the training text: beside the parameters (Phi-3), among them, or the model's own. */
function trainedPositions({ parameters, config }: ScalingInput): number {
  const field = 'original_max_position_embeddings';
  if (hasField(config, field)) return readNumber(config, field, { minimum: 1 });
  if (hasField(parameters, field)) return readNumber(parameters, field, { minimum: 1 });
  return readNumber(config, 'max_position_embeddings', { minimum: 1 });
}

/** `factor`, or how much longer inputs may be than the training text. */
function stretchOf(input: ScalingInput): number {
  const { parameters, config } = input;
  if (hasField(parameters, 'factor')) return factorOf(input);
  return readNumber(config, 'max_position_embeddings', { minimum: 1 }) / trainedPositions(input);
}

const longrope: Scaling = { apply: longRope, describe: describeLongRope };

/** By rope_type. */
const scalings: Readonly<Record<string, Scaling>> = {
  default: { apply: ({ theta, rotaryDim }) => plain(theta, rotaryDim), describe: () => '' },
  linear: {
    apply: (input) => {
      const { inverseFrequencies } = plain(input.theta, input.rotaryDim);
      return { inverseFrequencies: inverseFrequencies.map((frequency) => frequency / factorOf(input)) };
    },
    describe: (input) => `linear scaling ${factorOf(input)}x`,
  },
  dynamic: { apply: dynamic, describe: (input) => `dynamic NTK scaling ${factorOf(input)}x` },
  yarn: { apply: yarn, describe: (input) => `yarn scaling ${stretchOf(input)}x` },
  llama3: { apply: llama3, describe: (input) => `llama3 scaling ${factorOf(input)}x` },
  longrope,
  // The name that the first Phi-3 configs have for it.
  su: longrope,
};

/** base^(2j / rotaryDim), [rotaryDim / 2]: radians to positions. */
function periods(theta: number, rotaryDim: number): Float32Array {
  return Float32Array.from({ length: rotaryDim / 2 }, (_, j) => theta ** fround((2 * j) / rotaryDim));
}

/** Inverse frequencies without scaling: base^(-2j / rotaryDim). */
function plain(theta: number, rotaryDim: number): Scaled & { inverseFrequencies: Float32Array } {
  return { inverseFrequencies: periods(theta, rotaryDim).map((period) => 1 / period) };
}

/** `_compute_dynamic_ntk_parameters`: the base grows with inputs longer than the model's positions. */
function dynamic(input: ScalingInput): Scaled {
  const { theta, rotaryDim, config } = input;
  if (rotaryDim <= 2)
    throw invalidField('head_dim', 'more than 2 rotating components under dynamic scaling', rotaryDim);
  const above = readNumber(config, 'max_position_embeddings', { minimum: 1 });
  return { ...plain(theta, rotaryDim), longer: { above, theta, factor: factorOf(input) } };
}

/**
 * `_compute_yarn_parameters`: planes that turn more than beta_fast times over the training text are kept, those that turn
 * less than beta_slow times are stretched, and those between are blended along their number. (Peng et al. 2023)
 */
function yarn(input: ScalingInput): Scaled {
  const { theta, rotaryDim, parameters } = input;
  const trained = trainedPositions(input);
  const factor = stretchOf(input);
  const planeOf = (turns: number): number =>
    (rotaryDim * Math.log(trained / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const whole = readBoolean(parameters, 'truncate', true);
  const first = planeOf(readNumber(parameters, 'beta_fast', { minimum: Number.MIN_VALUE, fallback: 32 }));
  const last = planeOf(readNumber(parameters, 'beta_slow', { minimum: Number.MIN_VALUE, fallback: 1 }));
  const low = Math.max(whole ? Math.floor(first) : first, 0);
  const high = Math.min(whole ? Math.ceil(last) : last, rotaryDim - 1);
  const span = high === low ? 0.001 : high - low;
  const inverseFrequencies = periods(theta, rotaryDim).map((period, plane) => {
    const ramp = Math.min(Math.max(fround(fround(plane - low) / span), 0), 1);
    const kept = fround(1 - ramp);
    const stretched = fround(1 / fround(factor * period));
    return fround(stretched * fround(1 - kept)) + fround(fround(1 / period) * kept);
  });
  return { inverseFrequencies, scale: yarnScale(parameters, factor) };
}

/** The factor on cos and sin: given, or 1 + 0.1 ln(factor), or a ratio of two such for DeepSeek's mscale settings. */
function yarnScale(parameters: JsonObject, factor: number): number {
  if (hasField(parameters, 'attention_factor')) return readNumber(parameters, 'attention_factor');
  const growth = (scale: number): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const over = readNumber(parameters, 'mscale', { fallback: 0 });
  const under = readNumber(parameters, 'mscale_all_dim', { fallback: 0 });
  return over !== 0 && under !== 0 ? growth(over) / growth(under) : growth(1);
}

/** `_compute_longrope_parameters`: each plane has a stretch of its own, and another for inputs beyond the training text. */
function longRope(input: ScalingInput): Scaled {
  const { theta, rotaryDim, parameters } = input;
  const trained = trainedPositions(input);
  const stretched = (field: string): Float32Array => {
    const factors = readFactors(parameters, field, rotaryDim / 2);
    return periods(theta, rotaryDim).map((period, plane) => 1 / fround(fround(factors[plane] ?? 1) * period));
  };
  const stretch = stretchOf(input);
  const usual = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(trained));
  return {
    inverseFrequencies: stretched('short_factor'),
    longer: { above: trained, inverseFrequencies: stretched('long_factor') },
    scale: readNumber(parameters, 'attention_factor', { fallback: usual }),
  };
}

/** Factors that do not depend on the input's length are no longrope, though they compute like it: GGUF files of Llama 3 have them. */
function describeLongRope(input: ScalingInput): string {
  const [short, long] = ['short_factor', 'long_factor'].map((field) => {
    return readFactors(input.parameters, field, input.rotaryDim / 2);
  });
  const isFixed = short?.every((factor, plane) => factor === long?.[plane]) === true;
  if (!isFixed) return `longrope scaling ${stretchOf(input)}x`;
  return `wavelengths stretched ${Math.min(...short)} to ${Math.max(...short)}x`;
}

function readFactors(parameters: JsonObject, field: string, count: number): number[] {
  const values: unknown = parameters[field];
  const valid =
    Array.isArray(values) && values.length === count && values.every((value) => typeof value === 'number' && value > 0);
  if (!valid) throw invalidField(field, `${count} numbers above 0, one a rotary plane`, values);
  return values.map(Number);
}

/**
 * `_compute_llama3_parameters`: long waves are stretched by the factor, short ones kept, and those between blended.
 */
function llama3(input: ScalingInput): Scaled {
  const { theta, rotaryDim, parameters } = input;
  const factor = factorOf(input);
  const low = readNumber(parameters, 'low_freq_factor', { minimum: Number.MIN_VALUE });
  const high = readNumber(parameters, 'high_freq_factor', { minimum: Number.MIN_VALUE });
  const context = trainedPositions(input);
  if (high <= low) throw invalidField('high_freq_factor', `a number above low_freq_factor, ${low}`, high);
  const inverseFrequencies = plain(theta, rotaryDim).inverseFrequencies.map((frequency) => {
    // torch computes number / tensor as reciprocal times number, each rounded.
    const wavelength = fround(fround(1 / frequency) * fround(2 * Math.PI));
    if (wavelength > context / low) return frequency / factor;
    if (wavelength < context / high) return frequency;
    const smooth = fround(fround(fround(fround(1 / wavelength) * context) - low) / (high - low));
    const stretched = fround(fround(fround(1 - smooth) * frequency) / factor);
    return stretched + fround(smooth * frequency);
  });
  return { inverseFrequencies };
}

/** The frequencies that an input of `length` tokens is turned by, earlier ones in the cache included. */
export function frequenciesFor({ inverseFrequencies, longer }: RotarySpec, length: number): Float32Array {
  if (!longer || length <= longer.above) return inverseFrequencies;
  if ('inverseFrequencies' in longer) return longer.inverseFrequencies;
  const { above, theta, factor } = longer;
  const rotaryDim = 2 * inverseFrequencies.length;
  const growth = fround(fround(fround(factor * length) / above) - (factor - 1));
  const grown = fround(theta * fround(growth ** (rotaryDim / (rotaryDim - 2))));
  return plain(grown, rotaryDim).inverseFrequencies;
}

/**
 * The position part of a spec from a config with rotary settings.
 * @param K components of a head, of which a share (partial_rotary_factor) turns
 * @param defaults what the family takes where the config does not tell
 * @throws GqaLensError when the scaling is unknown or its settings are wrong
 */
export function rotaryPosition(
  config: JsonObject,
  K: number,
  layout: RotarySpec['layout'],
  defaults: RotaryDefaults = {},
): { position: RotarySpec; text: string } {
  const { theta, type, share, parameters } = readRotary(config, defaults);
  const rotaryDim = Math.floor(K * share);
  if (rotaryDim % 2 !== 0) throw invalidField('head_dim', 'an even number of rotating components', rotaryDim);
  const scaling = Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (!scaling) throw invalidField('rope_type', `one of ${Object.keys(scalings).join(', ')}`, type);
  const input = { theta, rotaryDim, parameters, config };
  const note = scaling.describe(input);
  const part = rotaryDim === K ? '' : ` on ${rotaryDim} of ${K} components`;
  return {
    position: { kind: 'rotary', layout, rotaryDim, scale: 1, ...scaling.apply(input) },
    text: `rotary${part}, base ${theta}${note === '' ? '' : `, ${note}`}`,
  };
}
