/**
 * A text file cut into windows for a model: what measures and calibration run on.
 * Role: reading and checking the file and the tokenizer. How a text is cut is windows.ts.
 */
import { readFile, stat } from 'node:fs/promises';
import { GqaLensError } from '../protocol/errors';
import type { Tokenizer } from '../checkpoint/tokenizer';
import { uniformRandom } from '../gqa/random';
import { languagePart } from '../model/languagePart';
import { isEncoderDecoder } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import { isEncoderOnly } from '../protocol/layers';
import type { Tokens } from '../protocol/tokens';
import type { OpenedModel } from './models';
import { maskTokens } from './maskTokens';
import { corruptSpans } from './spanCorruption';
import { firstWindows } from './windows';

/** Bytes: larger files are not read as one text. */
const textFileLimit = 512 * 1024 * 1024;
/** Tokens of a window unless the model takes fewer. */
const usualTokens = 512;
/**
 * The same of an encoder-decoder: 512 would need 26 sentinels, and small models were not trained on as many. This many make
 * 33 tokens for the decoder, of which solvers take 32.
 */
const usualPairTokens = 152;
/** What usualWindow says, for --help. */
export const usualWindowText = `${usualTokens}, or what the model takes; encoder-decoders: ${usualPairTokens}`;

/**
 * Reads a text file.
 * @param what the file in words, for errors
 * @param limit most bytes that are read
 * @throws GqaLensError input-invalid when it cannot be read or is too large
 */
export async function readTextFile(file: string, what = 'text file', limit = textFileLimit): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > limit) {
      throw new GqaLensError('input-invalid', `The ${what} is too large`, {
        file,
        found: `${size} bytes`,
        limit: `${limit} bytes`,
        next: 'Give a smaller file.',
      });
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof GqaLensError) throw error;
    throw new GqaLensError('input-invalid', `The ${what} cannot be read`, {
      file,
      found: error instanceof Error ? error.message : String(error),
    });
  }
}

/**
 * The first windows of a text as a model's tokens; for an encoder-decoder, with spans taken out (spanCorruption.ts); for an
 * encoder alone, with tokens masked (maskTokens.ts).
 * @throws GqaLensError tokenizer-missing (or what is wrong with the tokenizer); input-invalid for a text without tokens
 */
export function textWindows(model: OpenedModel, text: string, count: number, size: number): Tokens[] {
  const { tokenizer, tokenizerProblem, checkpoint } = model;
  if (tokenizerProblem) throw tokenizerProblem;
  if (tokenizer === null) {
    throw new GqaLensError('tokenizer-missing', 'A text needs a tokenizer', {
      file: checkpoint.folder,
      expected: 'tokenizer.json',
      next: 'Put the tokenizer.json of the model beside it.',
    });
  }
  if (isEncoderOnly(model.runnable.spec)) return maskedWindows(tokenizer, text, count, size);
  const { bos_token_id: bos } = languagePart(checkpoint.config)?.config ?? checkpoint.config;
  const windows = firstWindows(text, tokenizer, typeof bos === 'number' ? bos : null, count, size);
  if (windows.some((ids) => ids.length > 0)) return readable(model.runnable.spec, tokenizer, windows);
  throw noTokens();
}

function noTokens(): GqaLensError {
  return new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Choose another text.' });
}

/** Names of the token that stands for a masked one: BERT's tokenizers, RoBERTa's. */
const maskNames = ['[MASK]', '<mask>'];

/** Windows of an encoder: each a text of its own between the tokens that the tokenizer puts around one. */
function maskedWindows(tokenizer: Tokenizer, text: string, count: number, size: number): Tokens[] {
  const around = tokenizer.encode('');
  const [first, last] = [around.slice(0, 1), around.slice(1)];
  const plain = { encode: (part: string): number[] => within(tokenizer.encode(part), first, last) };
  const windows = firstWindows(text, plain, null, count, Math.max(1, size - around.length));
  if (windows.every((ids) => ids.length === 0)) throw noTokens();
  const mask = maskNames.map((name) => tokenizer.addedId(name)).find((id) => id !== null) ?? null;
  return windows.map((ids, window) => {
    const { masked, original } = maskTokens(ids, mask, uniformRandom(window));
    return { masked: [...first, ...masked, ...last], original: [...first, ...original, ...last] };
  });
}

/** Tokens without those around them. */
function within(ids: number[], first: readonly number[], last: readonly number[]): number[] {
  const start = first.length > 0 && ids[0] === first[0] ? 1 : 0;
  const isLast = last.length > 0 && last.every((id, place) => ids[ids.length - last.length + place] === id);
  return ids.slice(start, isLast ? ids.length - last.length : ids.length);
}

/** Tokens of a window when nobody asks for a number. */
export function usualWindow({ summary, runnable }: OpenedModel): number {
  const usual = isEncoderDecoder(runnable.spec) ? usualPairTokens : usualTokens;
  return Math.min(usual, summary.maxPositions ?? usual);
}

/**
 * The windows that a model is measured on: those of textWindows, as long as the model takes.
 * @param size tokens a window; absent: the usual ones
 */
export function measuredWindows(model: OpenedModel, text: string, count: number, size?: number): Tokens[] {
  return textWindows(model, text, count, size ?? usualWindow(model));
}

/** Windows in the form that a model reads. Sentinels are those of T5's tokenizers. */
function readable(spec: ModelSpec, tokenizer: Tokenizer, windows: readonly (readonly number[])[]): Tokens[] {
  const { decoderStart: start, endTokens } = spec;
  if (start === undefined) return [...windows];
  const sentinels: number[] = [];
  for (
    let id = tokenizer.addedId('<extra_id_0>');
    id !== null;
    id = tokenizer.addedId(`<extra_id_${sentinels.length}>`)
  ) {
    sentinels.push(id);
  }
  const marks = { sentinels, start, end: endTokens[0] ?? null };
  return windows.map((ids, window) => corruptSpans(ids, marks, uniformRandom(window)));
}
