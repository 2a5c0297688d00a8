/**
 * From what a user gives to run on, to tokens.
 * Role: encoding, cutting, and the decoder's start. What a decoder reads when nothing is given is answers.ts; windows of a
 * text file are textFile.ts.
 */
import { isEncoderDecoder } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import { GqaLensError } from '../protocol/errors';
import type { RunInput, TextInput, Tokens } from '../protocol/tokens';
import type { OpenedModel } from './models';

/** Tokens of a run, or only what the encoder reads where nothing was given for the decoder. */
export type ReadInput = { dropped: number } & ({ tokens: Tokens } | { unanswered: readonly number[] });

/**
 * The tokens that an input means for a model, each stack's cut to `maxTokens`.
 * @throws GqaLensError input-invalid for a text without tokens or one for a decoder that has no encoder beside it;
 * tokenizer-missing, or what is wrong with the tokenizer
 */
export function readInput(model: OpenedModel, input: RunInput, maxTokens: number): ReadInput {
  const { spec } = model.runnable;
  const { ids, dropped } = cut(encode(model, input), maxTokens, spec);
  if (!isEncoderDecoder(spec)) {
    if (!input.decoder) return { tokens: ids, dropped };
    throw new GqaLensError('input-invalid', 'Only an encoder-decoder takes a text for its decoder', {
      file: model.summary.path,
      found: `a model of family ${model.summary.familyTitle}`,
      next: 'Give one text.',
    });
  }
  if (!input.decoder) return { unanswered: ids, dropped };
  const decoder = cut(decoderIds(model, input.decoder), maxTokens, spec);
  return { tokens: { encoder: ids, decoder: decoder.ids }, dropped: dropped + decoder.dropped };
}

/** A decoder's text stands after its start token, and losses are of the whole text; ids are taken as they are. */
function decoderIds(model: OpenedModel, input: TextInput): number[] {
  const ids = encode(model, input);
  const { decoderStart } = model.runnable.spec;
  return input.kind === 'ids' || decoderStart === undefined || ids[0] === decoderStart ? ids : [decoderStart, ...ids];
}

function encode(model: OpenedModel, input: TextInput): number[] {
  if (input.kind === 'ids') return input.ids;
  if (model.tokenizerProblem) throw model.tokenizerProblem;
  if (!model.tokenizer) {
    throw new GqaLensError('tokenizer-missing', 'This checkpoint has no tokenizer, so text cannot be read', {
      file: model.summary.path,
      expected: 'tokenizer.json beside the weights',
      next: 'Give token ids separated by commas, or copy the tokenizer files into the folder.',
    });
  }
  return model.tokenizer.encode(input.text);
}

/** Cuts the tokens to what is allowed. @throws GqaLensError input-invalid when there are none */
function cut(ids: number[], maxTokens: number, spec: ModelSpec): { ids: number[]; dropped: number } {
  if (ids.length === 0) {
    throw new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Type some text and run again.' });
  }
  const limit = Math.min(maxTokens, spec.position.kind === 'learned' ? spec.position.maxPositions : Infinity);
  return { ids: ids.slice(0, limit), dropped: Math.max(0, ids.length - limit) };
}
