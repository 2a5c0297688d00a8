/**
 * Reading fields of config.json: typed, bounded, in the spellings of transformers 4 and 5.
 * Role: values out of a parsed config, or an error that names the field. What a family makes of them is in
 * src/model/families.
 */
import { GqaLensError } from '../protocol/errors';
import { isObject, type JsonObject } from './json';

export interface NumberOptions {
  minimum?: number;
  maximum?: number;
  /** Taken when the field is absent or null. Without it such a field is an error. */
  fallback?: number;
}

/** Whether a field is there and not null. */
export function hasField(config: JsonObject, field: string): boolean {
  return config[field] !== undefined && config[field] !== null;
}

/** A whole number within bounds. Without bounds: 1 to 2^31 - 1, as every size of a model is. */
export function readInteger(config: JsonObject, field: string, options: NumberOptions = {}): number {
  const { minimum = 1, maximum = 2 ** 31 - 1 } = options;
  const value = readNumber(config, field, { ...options, minimum, maximum });
  if (!Number.isInteger(value)) throw invalidField(field, 'a whole number', value);
  return value;
}

/** A finite number within bounds. */
export function readNumber(config: JsonObject, field: string, options: NumberOptions = {}): number {
  const { minimum = -Infinity, maximum = Infinity, fallback } = options;
  const value = config[field] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidField(field, 'a number', config[field]);
  if (value < minimum || value > maximum) throw invalidField(field, `a number from ${minimum} to ${maximum}`, value);
  return value;
}

/** True or false. */
export function readBoolean(config: JsonObject, field: string, fallback: boolean): boolean {
  const value = config[field] ?? fallback;
  if (typeof value !== 'boolean') throw invalidField(field, 'true or false', value);
  return value;
}

/** Text. */
export function readText(config: JsonObject, field: string, fallback?: string): string {
  const value = config[field] ?? fallback;
  if (typeof value !== 'string') throw invalidField(field, 'text', value);
  return value;
}

/** The tokens that end a text: eos_token_id, which is one id, a list of them, or absent. */
export function readEndTokens(config: JsonObject): number[] {
  const value = config.eos_token_id ?? [];
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id !== 'number' || !Number.isInteger(id)) throw invalidField('eos_token_id', 'a token id or a list', id);
    return id;
  });
}

/** Rotary position settings, whichever way they are spelled. */
export interface RotaryConfig {
  /** Base of the frequencies. */
  theta: number;
  /** Kind of scaling: "default", "linear", "llama3", … */
  type: string;
  /** Share of a head's components that turn. */
  share: number;
  /** The settings of that kind, e.g. factor. */
  parameters: JsonObject;
}

/** What a family takes where its config does not tell. */
export interface RotaryDefaults {
  theta?: number;
  share?: number;
}

/**
 * Reads the rotary settings: transformers 5 has rope_parameters { rope_type, rope_theta, partial_rotary_factor, … };
 * transformers 4 has rope_theta, partial_rotary_factor and rope_scaling { rope_type or type, … } or null, and GPT-NeoX
 * rotary_emb_base and rotary_pct.
 */
export function readRotary(config: JsonObject, { theta = 10_000, share = 1 }: RotaryDefaults = {}): RotaryConfig {
  const field = hasField(config, 'rope_parameters') ? 'rope_parameters' : 'rope_scaling';
  const parameters = config[field] ?? {};
  if (!isObject(parameters)) throw invalidField(field, 'an object', parameters);
  const read = (names: readonly [string, string], options: NumberOptions): number => {
    const name = names.find((candidate) => hasField(parameters, candidate) || hasField(config, candidate));
    const holder = name !== undefined && hasField(parameters, name) ? parameters : config;
    return readNumber(holder, name ?? names[0], options);
  };
  return {
    theta: read(['rope_theta', 'rotary_emb_base'], { minimum: Number.MIN_VALUE, fallback: theta }),
    share: read(['partial_rotary_factor', 'rotary_pct'], { minimum: 0, maximum: 1, fallback: share }),
    type: readText(parameters, 'rope_type', readText(parameters, 'type', 'default')),
    parameters,
  };
}

/** Error for a field of config.json. */
export function invalidField(field: string, expected: string, found: unknown): GqaLensError {
  return new GqaLensError('checkpoint-invalid', `The field ${field} of config.json is not usable`, {
    file: 'config.json',
    expected,
    found: found === undefined ? 'no such field' : JSON.stringify(found).slice(0, 120),
    next: 'Take the config.json that belongs to these weights.',
  });
}
