/**
 * A text file cut into windows for a model: what measures and calibration run on.
 * Role: reading and checking the file and the tokenizer. How a text is cut is windows.ts.
 */
import { readFile, stat } from 'node:fs/promises';
import { GqaLensError } from '../protocol/errors';
import type { OpenedModel } from './models';
import { firstWindows } from './windows';

/** Bytes: larger files are not read as one text. */
const textFileLimit = 512 * 1024 * 1024;
/** Tokens of a window unless the model takes fewer. */
export const usualWindow = 512;

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
 * The first windows of a text as a model's tokens.
 * @throws GqaLensError tokenizer-missing (or what is wrong with the tokenizer); input-invalid for a text without tokens
 */
export function textWindows(model: OpenedModel, text: string, count: number, size: number): number[][] {
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
  if (windows.some((ids) => ids.length > 0)) return windows;
  throw new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Choose another text.' });
}

/**
 * The windows that a model is measured on: those of textWindows, as long as the model takes.
 * @param size tokens a window; absent: 512, or what the model takes
 */
export function measuredWindows(model: OpenedModel, text: string, count: number, size?: number): number[][] {
  return textWindows(model, text, count, size ?? Math.min(usualWindow, model.summary.maxPositions ?? usualWindow));
}
