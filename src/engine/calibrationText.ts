/**
 * The windows of tokens that conversions are solved on, and the excerpt that comes with the product.
 * Role: which text and how much of it. Running it is model/calibration.ts; remembering what came out is conversions.ts.
 */
import excerpt from '../../media/calibration.txt';
import { windowMultiple } from '../gqa/calibrated/layerText';
import type { CalibrationText } from '../protocol/conversion';
import type { Tokens } from '../protocol/tokens';
import type { OpenedModel } from './models';
import { readTextFile, textWindows, usualWindow } from './textFile';

/** Bytes of calibration activations, over all layers: fewer tokens are used where they would take more. */
const calibrationBytes = 2 ** 30;

/** A text by path; null is the excerpt that comes with the product. @throws GqaLensError input-invalid */
export function readText(file: string | null): Promise<string> {
  return file === null ? Promise.resolve(excerpt) : readTextFile(file);
}

/**
 * The windows of a calibration text, all of one length.
 * @throws GqaLensError input-invalid, tokenizer-missing
 */
export async function calibrationWindows(model: OpenedModel, { file, tokens }: CalibrationText): Promise<Tokens[]> {
  const { spec } = model.runnable;
  const longest = Math.min(usualWindow(model), tokens);
  const size = Math.max(windowMultiple, longest - (longest % windowMultiple));
  const most = Math.floor(calibrationBytes / (spec.L * spec.D * 4));
  const count = Math.max(1, Math.floor(Math.min(tokens, most) / size));
  const windows = textWindows(model, await readText(file), count, size);
  return windows.map((window) =>
    'encoder' in window ? { encoder: whole(window.encoder), decoder: whole(window.decoder) } : window,
  );
}

/** As much of a stack's tokens as solvers take; all of them where that is none. */
function whole(ids: readonly number[]): readonly number[] {
  return ids.slice(0, Math.max(windowMultiple, ids.length - (ids.length % windowMultiple)));
}
