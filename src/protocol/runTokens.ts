/** The tokens of a finished run, in the forms that the engine takes them in again. */
import type { RunSummary } from './runs';
import type { RunInput, Tokens } from './tokens';

/** The tokens that a run was of. */
export function tokensOf({ tokens, encoderTokens }: RunSummary): Tokens {
  const decoder = tokens.map(({ id }) => id);
  return encoderTokens === null ? decoder : { encoder: encoderTokens.map(({ id }) => id), decoder };
}

/** The input that runs another model on the same tokens. */
export function inputOf({ tokens, encoderTokens }: RunSummary): RunInput {
  const decoder = { kind: 'ids' as const, ids: tokens.map(({ id }) => id) };
  return encoderTokens === null ? decoder : { kind: 'ids', ids: encoderTokens.map(({ id }) => id), decoder };
}
