/**
 * Everything about a sweep that is known before anything runs: its rows, its windows of tokens, its identity.
 * Role: reads the texts and checks the request. What runs is run.ts.
 */
import { basename } from 'node:path';
import { version } from '../../../package.json';
import { checkTokens, tokenCount, decoderTokens, encoderTokens } from '../../model/tokens';
import { usualCalibration, type CalibrationText } from '../../protocol/conversion';
import { GqaLensError } from '../../protocol/errors';
import type { SweepRequest, SweepResult, SweepText, SweepTokens } from '../../protocol/sweep';
import type { Tokens } from '../../protocol/tokens';
import { calibrationWindows, readText } from '../calibrationText';
import type { OpenedModel } from '../models';
import { textWindows, usualWindow } from '../textFile';
import { modelHash, tokensHash } from './identity';
import { completeRequest, methodsOf, planSweep } from './plan';

/** A sweep that can be run. */
export interface PreparedSweep {
  /** Tokens that quality is measured on. */
  windows: readonly Tokens[];
  /** Without rows: all of them are missing. */
  result: SweepResult;
}

/**
 * Checks a request and reads its texts.
 * @throws GqaLensError conversion-invalid, input-invalid, tokenizer-missing, checkpoint-unsupported
 */
export async function prepareSweep(model: OpenedModel, request: SweepRequest): Promise<PreparedSweep> {
  const { spec } = model.runnable;
  const complete = completeRequest(request, spec.G);
  const wanted = request.calibration ?? usualCalibration;
  const calibration = model.tokenizer === null ? null : await calibrationWindows(model, wanted);
  const { windows, name } = await textOf(model, request.text, wanted, calibration);
  const missing = planSweep(complete, spec.G);
  const { path, name: modelName, familyTitle, L, D, H, G, K, dtype } = model.summary;
  const result: SweepResult = {
    identity: {
      version,
      model: await modelHash(model.checkpoint),
      text: tokensHash(windows),
      calibration: calibration && tokensHash(calibration),
    },
    model: { name: modelName, path, familyTitle, L, D, H, G, K, dtype },
    text: describeTokens(name, windows),
    calibration: calibration && describeTokens(fileName(wanted.file), calibration),
    request: complete,
    methods: methodsOf(missing),
    rows: [],
    missing,
  };
  return { windows, result };
}

/** The windows to measure on. What methods are solved on is left out, or they would be judged on what they have seen. */
async function textOf(
  model: OpenedModel,
  text: SweepText,
  calibrated: CalibrationText,
  calibration: readonly Tokens[] | null,
): Promise<{ windows: readonly Tokens[]; name: string }> {
  const { spec } = model.runnable;
  const { V, maxPositions } = spec;
  if (text.kind === 'tokens') {
    for (const tokens of text.windows) checkTokens(spec, tokens);
    checkIds(text.windows.flatMap(allIds), V);
    return { windows: text.windows, name: 'given tokens' };
  }
  const size = text.windowSize ?? usualWindow(model);
  if (size < 2 || size > (maxPositions ?? Infinity) || text.windows < 1) {
    throw new GqaLensError('input-invalid', 'The model cannot run windows of this size', {
      expected: `at least one window of 2 to ${maxPositions ?? 'any number of'} tokens`,
      found: `${text.windows} windows of ${size}`,
    });
  }
  const seen =
    text.file === calibrated.file ? (calibration ?? []).reduce((sum, window) => sum + tokenCount(window), 0) : 0;
  const passedOver = Math.ceil(seen / size);
  const windows = textWindows(model, await readText(text.file), passedOver + text.windows, size).slice(passedOver);
  const name = fileName(text.file);
  if (windows.length > 0) return { windows, name: seen === 0 ? name : `${name} after its first ${seen} tokens` };
  throw new GqaLensError('input-invalid', 'The text is too short to be measured on besides calibration', {
    ...(text.file === null ? {} : { file: text.file }),
    expected: `more than the ${seen} tokens that methods are solved on`,
    next: 'Choose another text, or another calibration text.',
  });
}

function checkIds(ids: readonly number[], V: number): void {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= V);
  if (wrong === undefined && ids.length > 0) return;
  throw new GqaLensError('input-invalid', 'A sweep needs windows of token ids', {
    expected: `whole numbers from 0 to ${V - 1}`,
    found: wrong === undefined ? 'nothing' : String(wrong),
  });
}

function allIds(tokens: Tokens): number[] {
  if ('masked' in tokens) return [...tokens.masked, ...tokens.original];
  return [...(encoderTokens(tokens) ?? []), ...decoderTokens(tokens)];
}

function fileName(file: string | null): string {
  return file === null ? 'the bundled excerpt' : basename(file);
}

function describeTokens(name: string, windows: readonly Tokens[]): SweepTokens {
  const [first = []] = windows;
  const tokens = windows.reduce((sum, window) => sum + tokenCount(window), 0);
  return { name, tokens, windows: windows.length, windowSize: decoderTokens(first).length };
}
