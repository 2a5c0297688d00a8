/**
 * SentencePiece vocabularies ("llama" in GGUF): pieces with scores, from which the order of merges follows.
 * Role: the parts of a tokenizer.json that differ from byte-level ones. What both have is tokenizer.ts.
 */
import type { JsonObject } from '../json';

/** Splits of all pieces together: a quarter of a million pieces have some 2 million. */
const splitLimit = 2 ** 24;

/**
 * Every pair of pieces that makes a piece, the highest score first: what SentencePiece merges next, among equal scores the
 * piece with the lower id. (transformers, convert_slow_tokenizer.py, generate_merges)
 * @returns null when the pieces are too many or too long for a vocabulary
 */
export function mergesByScore(pieces: ReadonlyMap<string, { id: number; score: number }>): [string, string][] | null {
  const found: { pair: [string, string]; score: number; id: number }[] = [];
  let splits = 0;
  for (const [piece, { id, score }] of pieces) {
    splits += piece.length;
    if (splits > splitLimit) return null;
    for (let at = 1; at < piece.length; at++) {
      const left = piece.slice(0, at);
      if (!pieces.has(left)) continue;
      const right = piece.slice(at);
      if (pieces.has(right)) found.push({ pair: [left, right], score, id });
    }
  }
  return found.sort((a, b) => b.score - a.score || a.id - b.id).map(({ pair }) => pair);
}

/** Normalizer and decoder: a space is ▁, and one is put before the text where the vocabulary wants it. */
export function sentencePieceText(addsSpace: boolean): JsonObject {
  const space = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const back = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: addsSpace ? [{ type: 'Prepend', prepend: '▁' }, space] : [space],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        back,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(addsSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
  };
}
