/**
 * The tokens of a forward pass: one list, or one for each stack of an encoder-decoder.
 * Role: the form in which tokens are handed on, and the check that a model can take them. Text becomes tokens elsewhere.
 */
import { GqaLensError } from '../protocol/errors';
import type { Tokens } from '../protocol/model';
import { isEncoderDecoder, type ModelSpec } from './spec';

/** The tokens that logits belong to. */
export function decoderTokens(tokens: Tokens): readonly number[] {
  return 'decoder' in tokens ? tokens.decoder : tokens;
}

/** The tokens of the encoder; null without one. */
export function encoderTokens(tokens: Tokens): readonly number[] | null {
  return 'encoder' in tokens ? tokens.encoder : null;
}

/** How many tokens there are, of both stacks. */
export function tokenCount(tokens: Tokens): number {
  return decoderTokens(tokens).length + (encoderTokens(tokens)?.length ?? 0);
}

/** Whether two models' runs read the same. */
export function sameTokens(a: Tokens, b: Tokens): boolean {
  const [encoderA, encoderB] = [encoderTokens(a), encoderTokens(b)];
  if ((encoderA === null) !== (encoderB === null)) return false;
  return same(encoderA ?? [], encoderB ?? []) && same(decoderTokens(a), decoderTokens(b));
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

/** @throws GqaLensError input-invalid when a model has not the stacks that the tokens are for */
export function checkTokens(spec: ModelSpec, tokens: Tokens): void {
  if (isEncoderDecoder(spec) === (encoderTokens(tokens) !== null)) return;
  throw new GqaLensError('input-invalid', 'The tokens are not for this kind of model', {
    expected: isEncoderDecoder(spec) ? 'tokens for the encoder and for the decoder' : 'one list of tokens',
    found: isEncoderDecoder(spec) ? 'one list of tokens' : 'tokens for an encoder, which the model does not have',
  });
}
