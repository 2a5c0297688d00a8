/**
 * Files that belong to a model beside its weights and its config: tokenizer, generation settings, licence.
 * Role: which they are, and copying them as they are.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const companions = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'spiece.model',
  'tekken.json',
  'chat_template.jinja',
  'chat_template.json',
];
/** A licence goes with everything that is made from the weights. */
const licence = /^(?:licen[cs]e|notice|copying)(?:\.(?:txt|md))?$/i;

/** Copies the companions that are there. @returns their names */
export async function copyCompanions(from: string, to: string, signal?: AbortSignal): Promise<string[]> {
  const entries = await readdir(from, { withFileTypes: true });
  const names = entries
    // Downloads are links into a cache.
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => companions.includes(name) || licence.test(name));
  for (const name of names) {
    signal?.throwIfAborted();
    await writeFile(join(to, name), await readFile(join(from, name)), { flush: true });
  }
  return names;
}
