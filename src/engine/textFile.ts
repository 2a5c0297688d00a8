/**
 * A text file cut into windows for a model: what measures and calibration run on.
 * Role: reading and checking the file and the tokenizer. How a text is cut is windows.ts.
 */
import { readFile, stat } from 'node:fs/promises';
import { GqaLensError } from '../protocol/errors';
import type { Tokenizer } from '../checkpoint/tokenizer';
import { uniformRandom } from '../gqa/random';
import { isEncoderDecoder, type ModelSpec } from '../model/spec';
import type { Tokens } from '../protocol/model';
import type { OpenedModel } from './models';
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
 * The first windows of a text as a model's tokens; for an encoder-decoder, with spans taken out (spanCorruption.ts).
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
  const { bos_token_id: bos } = checkpoint.config;
  const windows = firstWindows(text, tokenizer, typeof bos === 'number' ? bos : null, count, size);
  if (windows.some((ids) => ids.length > 0)) return readable(model.runnable.spec, tokenizer, windows);
  throw new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Choose another text.' });
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
