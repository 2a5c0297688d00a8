/**
 * The tokens of a forward pass: one list, or one for each stack of an encoder-decoder.
 * Role: the form in which tokens are handed on, and the check that a model can take them. Text becomes tokens elsewhere.
 */
import { GqaLensError } from '../protocol/errors';
import { isEncoderOnly } from '../protocol/layers';
import type { Tokens } from '../protocol/tokens';
import { isEncoderDecoder } from './specFacts';
import type { ModelSpec } from './spec';

/** The tokens that logits belong to: those of the last stack, or of the only one. */
export function decoderTokens(tokens: Tokens): readonly number[] {
  if ('masked' in tokens) return tokens.masked;
  return 'decoder' in tokens ? tokens.decoder : tokens;
}

/** A token that a position is asked to predict. */
export interface Target {
  position: number;
  token: number;
}

/**
 * What a model is asked to predict, by position: the next token; where an encoder alone reads, the masked ones. It is asked
 * for nothing else, for every position of it sees the token that stands there.
 */
export function targetsOf(spec: Pick<ModelSpec, 'layers'>, tokens: Tokens): Target[] {
  if ('masked' in tokens) {
    return tokens.original.flatMap((token, position) =>
      token === tokens.masked[position] ? [] : [{ position, token }],
    );
  }
  if (isEncoderOnly(spec)) return [];
  return decoderTokens(tokens)
    .slice(1)
    .map((token, position) => ({ position, token }));
}

/** [S] the token that each row of logits should give; 0 where none is asked for. */
export function targetRows(targets: readonly Target[], S: number): Uint32Array {
  const rows = new Uint32Array(S);
  for (const { position, token } of targets) rows[position] = token;
  return rows;
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
  if ('masked' in tokens && !isEncoderOnly(spec)) {
    throw new GqaLensError('input-invalid', 'The tokens are not for this kind of model', {
      expected: 'tokens that predict what comes next',
      found: 'a text with masked tokens, which an encoder alone fills in',
    });
  }
  if (isEncoderDecoder(spec) === (encoderTokens(tokens) !== null)) return;
  throw new GqaLensError('input-invalid', 'The tokens are not for this kind of model', {
    expected: isEncoderDecoder(spec) ? 'tokens for the encoder and for the decoder' : 'one list of tokens',
    found: isEncoderDecoder(spec) ? 'one list of tokens' : 'tokens for an encoder, which the model does not have',
  });
}
