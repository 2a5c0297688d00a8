/**
 * Whether two checkpoints can be compared on the same tokens.
 * Role: the check before they run, which says what differs. What of their layers can be compared is protocol/sides.ts.
 */
import { decoderTokens, encoderTokens } from '../model/tokens';
import { GqaLensError } from '../protocol/errors';
import { hasBothStacks, isEncoderOnly } from '../protocol/layers';
import type { Tokens } from '../protocol/tokens';
import type { OpenedModel } from './models';

/** What the checks ask of a checkpoint. */
export type Candidate = Pick<OpenedModel, 'summary' | 'tokenizer' | 'runnable'>;

/** Share of a vocabulary that may be named otherwise: a child gives reserved tokens names of its own. */
const renamedShare = 0.01;

/**
 * Checks that `other` can run on tokens of `original` and that they mean the same to it.
 * @param tokens what both are to run on
 * @param texts what they were made of; none where token ids were given
 * @throws GqaLensError input-invalid saying what differs
 */
export function checkTogether(original: Candidate, other: Candidate, tokens: Tokens, texts: readonly string[]): void {
  checkKind(original, other);
  checkVocabulary(original, other);
  for (const text of texts) checkText(original, other, text);
  checkLength(other, tokens);
}

function checkKind(original: Candidate, other: Candidate): void {
  const [expected, found] = [kindOf(original), kindOf(other)];
  if (expected === found) return;
  throw new GqaLensError('input-invalid', 'The two checkpoints do not read a text in the same way', {
    file: other.summary.path,
    expected: `${expected}, as ${original.summary.name}`,
    found,
    next: `Choose another ${expected.replace(/^an? /, '')}.`,
  });
}

function kindOf({ summary }: Candidate): string {
  return hasBothStacks(summary) ? 'an encoder-decoder' : isEncoderOnly(summary) ? 'an encoder' : 'a decoder-only model';
}

function checkVocabulary(original: Candidate, other: Candidate): void {
  const { V } = original.runnable.spec;
  const next = 'Choose a checkpoint with the same tokenizer, such as one that was trained further from this one.';
  if (other.runnable.spec.V !== V) {
    throw new GqaLensError('input-invalid', 'The two checkpoints have different vocabularies', {
      file: other.summary.path,
      expected: `${V} tokens, as ${original.summary.name}`,
      found: `${other.runnable.spec.V} tokens`,
      next,
    });
  }
  const [one, two] = [original.tokenizer, other.tokenizer];
  if (!one || !two) return;
  const differing: number[] = [];
  for (let id = 0; id < V; id++) {
    const [before, after] = [one.tokenText(id), two.tokenText(id)];
    // An id without a token is shown by its number.
    if (before !== after && before !== `#${id}` && after !== `#${id}`) differing.push(id);
  }
  const [first] = differing;
  if (first === undefined || differing.length <= V * renamedShare) return;
  throw new GqaLensError('input-invalid', 'The two checkpoints have different tokenizers', {
    file: other.summary.path,
    expected: `token ${first} to be ${quoted(one.tokenText(first))}, as in ${original.summary.name}`,
    found: `${quoted(two.tokenText(first))}; ${differing.length} of ${V} tokens differ`,
    next,
  });
}

/** The vocabularies may agree and the rules that cut a text not. */
function checkText(original: Candidate, other: Candidate, text: string): void {
  const [one, two] = [original.tokenizer, other.tokenizer];
  if (!one || !two || text === '') return;
  const [before, after] = [one.encode(text), two.encode(text)];
  const place = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index).find(
    (index) => before[index] !== after[index],
  );
  if (place === undefined) return;
  const tell = (ids: readonly number[], textOf: (id: number) => string): string => {
    const id = ids[place];
    return id === undefined ? `the text to end after ${place} tokens` : `${quoted(textOf(id))} (id ${id})`;
  };
  throw new GqaLensError('input-invalid', 'The two tokenizers cut the text differently', {
    file: other.summary.path,
    expected: `token ${place} to be ${tell(before, (id) => one.tokenText(id))}, as in ${original.summary.name}`,
    found: tell(after, (id) => two.tokenText(id)),
    next: 'Choose a checkpoint with the same tokenizer.',
  });
}

function checkLength(other: Candidate, tokens: Tokens): void {
  const { position } = other.runnable.spec;
  const limit = position.kind === 'learned' ? position.maxPositions : Infinity;
  const longest = Math.max(decoderTokens(tokens).length, encoderTokens(tokens)?.length ?? 0);
  if (longest <= limit) return;
  throw new GqaLensError('input-invalid', 'The text is too long for the other checkpoint', {
    file: other.summary.path,
    found: `${longest} tokens`,
    limit: `${limit} positions`,
    next: 'Run a shorter text.',
  });
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
