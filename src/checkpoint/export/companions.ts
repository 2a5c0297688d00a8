/**
 * Files that belong to a model beside its weights and its config: tokenizer, generation settings, licence.
 * Role: which they are, and copying them as they are; writing those that a container holds in itself.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GqaLensError } from '../../protocol/errors';
import type { Checkpoint, Embedded } from '../checkpoint';

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

/**
 * Writes what belongs to a checkpoint: copies of its folder's files, or what a container holds. Files beside a container are
 * not known to be its own.
 * @returns their names
 */
export function writeCompanions({ embedded, folder }: Checkpoint, to: string, signal?: AbortSignal): Promise<string[]> {
  return embedded ? writeEmbedded(embedded, to) : copyCompanions(folder, to, signal);
}

/** A tokenizer that cannot be made is no reason to write no weights: its absence is seen. */
async function writeEmbedded(embedded: Embedded, to: string): Promise<string[]> {
  const tokenizer = tokenizerOf(embedded);
  if (!tokenizer) return [];
  const texts = { 'tokenizer.json': tokenizer.definition, 'tokenizer_config.json': tokenizer.config };
  for (const [name, content] of Object.entries(texts)) {
    await writeFile(join(to, name), `${JSON.stringify(content, null, 2)}\n`, { flush: true });
  }
  return Object.keys(texts);
}

function tokenizerOf(embedded: Embedded): ReturnType<Embedded['tokenizer']> {
  try {
    return embedded.tokenizer();
  } catch (error) {
    if (error instanceof GqaLensError && error.code === 'tokenizer-invalid') return null;
    throw error;
  }
}

async function copyCompanions(from: string, to: string, signal?: AbortSignal): Promise<string[]> {
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
