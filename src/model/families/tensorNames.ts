/**
 * Names of tensors as they vary in the wild, and what they mean.
 * Role: from stored names to those that a family's own code gives. Which tensors a family has is its own file.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';

/** What models that hold a language model put before its names, in any order and number. */
const wrappers = /^((model|language_model|text_model|base_model)\.)*$/;

/**
 * Names as the family's own code gives them: without what DataParallel (`module.`) and torch.compile (`_orig_mod.`) put in,
 * and with today's names for the gamma and beta of TensorFlow's layer norms.
 */
function plainName(stored: string): string {
  // Most names are plain, and a mixture has a hundred thousand.
  if (!/module\.|_orig_mod\.|\.gamma$|\.beta$/.test(stored)) return stored;
  return stored
    .replace(/(^|\.)(?:(?:module|_orig_mod)\.)+/g, '$1')
    .replace(/\.gamma$/, '.weight')
    .replace(/\.beta$/, '.bias');
}

/** Kept: a checkpoint of an unknown family is tried by every family. */
const known = new WeakMap<Checkpoint['tensors'], ReadonlyMap<string, string>>();

/** Stored names by plain ones; a name that is stored as it is goes before others that mean it. */
export function plainNames(tensors: Checkpoint['tensors']): ReadonlyMap<string, string> {
  const names = known.get(tensors);
  if (names) return names;
  const found = new Map<string, string>();
  for (const name of tensors.keys()) {
    const plain = plainName(name);
    if (plain === name || !found.has(plain)) found.set(plain, name);
  }
  known.set(tensors, found);
  return found;
}

/**
 * What stands before the names of a model: the family's own prefix, or one of them within a model that holds a language
 * model, the shortest there is.
 * @param landmark a tensor that every checkpoint of the family has, without prefix
 */
export function findPrefix(
  names: ReadonlyMap<string, string>,
  prefixes: readonly string[],
  landmark: string,
): string | undefined {
  const own = prefixes.find((candidate) => names.has(candidate + landmark));
  if (own !== undefined) return own;
  const found = [...names.keys()].flatMap((name) =>
    name.endsWith(`.${landmark}`) ? [name.slice(0, -landmark.length)] : [],
  );
  return found
    .filter((prefix) =>
      prefixes.some((end) => prefix.endsWith(end) && wrappers.test(prefix.slice(0, prefix.length - end.length))),
    )
    .sort((one, other) => one.length - other.length)[0];
}
