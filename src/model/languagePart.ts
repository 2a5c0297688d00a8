/**
 * The language model within a larger one, such as one that sees images: its part of the config, and what the rest is.
 * Role: a checkpoint as a family of language models reads it. How names within are found is families/family.ts.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { hasField } from '../checkpoint/config';
import { isObject, type JsonObject } from '../checkpoint/json';
import { families } from './families';
import type { ModelFamily } from './families/family';
import type { ModelSpec } from './spec';

/** Where configs describe their language model, the commonest first. */
const partFields = ['text_config', 'llm_config', 'language_config'];

/** What a part takes from around it where it does not say it itself. */
const sharedFields = ['tie_word_embeddings', 'eos_token_id', 'bos_token_id', 'pad_token_id'];

/** Larger models whose language model sees later tokens of a text: it is not the family's own function. */
const seesLater: ReadonlySet<unknown> = new Set(['paligemma', 'colpali']);

/** A family, the checkpoint as it reads it, and the field of config.json that it stands in (null: config.json itself). */
export interface Matched {
  family: ModelFamily;
  checkpoint: Checkpoint;
  field: string | null;
}

/** The field of a config that describes a language model within the model, and what it says; null without one. */
export function languagePart(config: JsonObject): { field: string; config: JsonObject } | null {
  for (const field of partFields) {
    const part = config[field];
    if (!isObject(part)) continue;
    const shared = sharedFields.filter((name) => !hasField(part, name) && hasField(config, name));
    return { field, config: { ...part, ...Object.fromEntries(shared.map((name) => [name, config[name]])) } };
  }
  return null;
}

/** The family that runs a checkpoint, or the language model within it; null when there is none. */
export function matchFamily(checkpoint: Checkpoint): Matched | null {
  const whole = families.find((family) => family.match(checkpoint.config));
  if (whole) return { family: whole, checkpoint, field: null };
  const part = languagePart(checkpoint.config);
  if (part === null || seesLater.has(checkpoint.config.model_type)) return null;
  const family = families.find((candidate) => candidate.match(part.config));
  if (!family) return null;
  return { family, checkpoint: withConfig(checkpoint, { ...family.partDefaults, ...part.config }), field: part.field };
}

/** The same files under another config. */
export function withConfig(checkpoint: Checkpoint, config: JsonObject): Checkpoint {
  const { path, folder, tensors, bytesOnDisk } = checkpoint;
  return {
    ...{ path, folder, config, tensors, bytesOnDisk },
    readFloat32: (name, range, signal) => checkpoint.readFloat32(name, range, signal),
    readBytes: (name, range, signal) => checkpoint.readBytes(name, range, signal),
    close: () => checkpoint.close(),
  };
}

/** Says of a spec that it is a part of a larger model, and which tensors it leaves alone. */
export function asPart(spec: ModelSpec, checkpoint: Checkpoint, field: string): ModelSpec {
  const own = [spec.globals, ...spec.layers.flatMap(({ weights, experts = [] }) => [weights, ...experts])].flatMap(
    (refs) => Object.values(refs).map(({ tensor }) => tensor),
  );
  // Prefixes of the language model: what stands before its layers, and its head.
  const within = commonStart(own.filter((name) => /\.\d+\./.test(name))).replace(/[^.]+\.(?:\d+\.)?$/, '');
  const rest = [...checkpoint.tensors.keys()].filter(
    (name) => !own.includes(name) && !(within && name.startsWith(within)),
  );
  const parts = [...new Set(rest.map((name) => name.replace(/^model\./, '').split('.')[0] ?? name))].sort();
  const besides = rest.length === 0 ? 'nothing' : `${rest.length} tensors of ${parts.join(', ')}`;
  return { ...spec, within: { field, besides } };
}

function commonStart(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
