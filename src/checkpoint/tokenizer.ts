/**
 * The tokenizer beside a checkpoint: text to token ids and back, as transformers does it.
 * Role: reads and checks tokenizer.json, and lets @huggingface/tokenizers do the work. How a single token looks to
 * people is tokenText.ts.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as Upstream } from '@huggingface/tokenizers';
import { GqaLensError } from '../protocol/errors';
import type { Checkpoint } from './checkpoint';
import { isObject, readJsonFile, type JsonObject } from './json';
import { pieceReader } from './tokenText';

export interface Tokenizer {
  /** Token ids of a text, with the special tokens that the tokenizer adds to a single text. */
  encode(text: string): number[];
  /** The text of ids, special tokens included. */
  decode(ids: readonly number[]): string;
  /** One token's own text with its whitespace; bytes that are no whole character as `\xE2`; `#17` for an unknown id. */
  tokenText(id: number): string;
  /** The id of a token that stands beside the vocabulary, such as "<extra_id_0>"; null when there is none. */
  addedId(content: string): number | null;
}

/** Ids above this are a damaged file: no vocabulary comes near it. */
const idLimit = 2 ** 31;

/** Models that the library implements. */
const modelTypes: readonly unknown[] = ['BPE', 'Unigram', 'WordPiece'];

/**
 * The tokenizer of a checkpoint: the one that its container holds, else the one in its folder.
 * @returns null when there is none: token ids can be given instead
 * @throws GqaLensError tokenizer-invalid
 */
export async function checkpointTokenizer(checkpoint: Checkpoint, signal?: AbortSignal): Promise<Tokenizer | null> {
  const { embedded, folder, path } = checkpoint;
  let problem: GqaLensError | null = null;
  try {
    const own = embedded?.tokenizer();
    if (own) return makeTokenizer(own.definition, own.config, path);
  } catch (error) {
    if (!(error instanceof GqaLensError)) throw error;
    problem = error;
  }
  const beside = await loadTokenizer(folder, signal);
  if (beside === null && problem) throw problem;
  return beside;
}

/**
 * Loads tokenizer.json, and tokenizer_config.json where there is one, from a checkpoint's folder.
 * @returns null when the folder has no tokenizer.json: token ids can be given instead
 * @throws GqaLensError tokenizer-invalid
 */
export async function loadTokenizer(folder: string, signal?: AbortSignal): Promise<Tokenizer | null> {
  const file = join(folder, 'tokenizer.json');
  if (!(await exists(file))) return null;
  const configFile = join(folder, 'tokenizer_config.json');
  try {
    const definition = await readJsonFile(file, signal);
    const config = (await exists(configFile)) ? await readJsonFile(configFile, signal) : {};
    return makeTokenizer(definition, config, file);
  } catch (error) {
    if (!(error instanceof GqaLensError) || error.code !== 'checkpoint-invalid') throw error;
    throw new GqaLensError('tokenizer-invalid', 'The tokenizer cannot be read', error.detail);
  }
}

/** Whether there is a tokenizer, without loading it: that takes a second for the largest. It may turn out to be damaged. */
export async function hasTokenizer({ folder, embedded }: Pick<Checkpoint, 'folder' | 'embedded'>): Promise<boolean> {
  return embedded?.hasTokenizer === true || exists(join(folder, 'tokenizer.json'));
}

function makeTokenizer(definition: JsonObject, config: JsonObject, file: string): Tokenizer {
  check(definition, file);
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  const upstream = attempt(file, () => new Upstream({ ...parts, ...definition }, config));
  const readPiece = pieceReader(definition.decoder);
  const added = upstream.get_added_tokens_decoder();
  const addedIds = new Map([...added].map(([id, { content }]) => [content, id]));
  // transformers 5 cleans nothing up unless it is told to; the library's own default is the old one.
  const cleanUp = { clean_up_tokenization_spaces: config.clean_up_tokenization_spaces === true };
  return {
    encode: (text) =>
      attempt(file, () => {
        const ids: readonly (number | undefined)[] = upstream.encode(text).ids;
        // As upstream in Rust: what has no id and no unknown token to stand for it is left out.
        return ids.filter((id) => id !== undefined && id >= 0) as number[];
      }),
    decode: (ids) => (ids.length === 0 ? '' : attempt(file, () => upstream.decode([...ids], cleanUp))),
    tokenText: (id) => {
      const piece = upstream.id_to_token(id);
      if (piece === undefined) return `#${id}`;
      return added.has(id) ? piece : readPiece(piece);
    },
    addedId: (content) => addedIds.get(content) ?? null,
  };
}

/** The library takes any shape and fails later, or never: what it relies on is checked here. */
function check({ model, added_tokens: added }: JsonObject, file: string): void {
  if (!isObject(model)) throw invalid(file, 'model as an object', model);
  const { type, vocab, merges } = model;
  // The oldest files, GPT-2's among them, name no type.
  if (type !== undefined && !modelTypes.includes(type)) {
    throw invalid(file, `a model of type ${modelTypes.join(', ')}`, type);
  }
  if (Array.isArray(vocab)) {
    const isEntry = (entry: unknown): boolean =>
      Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
    const wrong: unknown = vocab.find((entry) => !isEntry(entry));
    if (vocab.length === 0 || wrong !== undefined) throw invalid(file, 'vocab as [piece, score] pairs', wrong);
  } else if (isObject(vocab)) {
    const wrong = Object.entries(vocab).find(([, id]) => !isId(id));
    if (wrong) throw invalid(file, 'vocab with whole numbers as ids', wrong);
  } else throw invalid(file, 'model.vocab', vocab);
  if (merges !== undefined && !(Array.isArray(merges) && merges.every(isMerge))) {
    throw invalid(
      file,
      'merges as "left right" or [left, right]',
      Array.isArray(merges) ? merges.find((m) => !isMerge(m)) : merges,
    );
  }
  const isAdded = (token: unknown): boolean =>
    isObject(token) && isId(token.id) && typeof token.content === 'string' && token.content !== '';
  if (added !== undefined && !(Array.isArray(added) && added.every(isAdded))) {
    throw invalid(
      file,
      'added_tokens as a list of { id, content }',
      Array.isArray(added) ? added.find((t) => !isAdded(t)) : added,
    );
  }
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < idLimit;
}

function isMerge(merge: unknown): boolean {
  if (typeof merge === 'string') return merge.includes(' ');
  return Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');
}

/** Errors of the library become errors that name the file. */
function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new GqaLensError('tokenizer-invalid', 'The tokenizer cannot be used', {
      file,
      found: error instanceof Error ? error.message : String(error),
      next: 'Give token ids instead of text, or take the tokenizer.json that belongs to the model.',
    });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function invalid(file: string, expected: string, found: unknown): GqaLensError {
  return new GqaLensError('tokenizer-invalid', 'The tokenizer is malformed', {
    file,
    expected,
    found: found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 120),
    next: 'Take the tokenizer.json that belongs to the model, or give token ids instead of text.',
  });
}
