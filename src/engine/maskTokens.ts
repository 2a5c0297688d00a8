/**
 * What BERT was trained on: a text with some of its tokens masked.
 * Role: from a window of plain text to what an encoder reads, so that it can be measured on a text file: its loss is that
 * of the masked tokens. Pure and seeded: a window always becomes the same tokens. Source: Devlin et al. 2019, section 3.1,
 * but that every chosen token is masked: of the paper's, a fifth stay or become others so that training resembles later use.
 */
import type { MaskedTokens } from '../protocol/tokens';

/** Share of the tokens that are masked: the paper's. */
const density = 0.15;

/**
 * Masks tokens of a window, at least one.
 * @param mask the token that stands for a masked one; null: there is none, and nothing is masked
 * @param random numbers in [0, 1)
 */
export function maskTokens(ids: readonly number[], mask: number | null, random: () => number): MaskedTokens {
  if (mask === null) return { masked: ids, original: ids };
  const open = ids.flatMap((id, position) => (id === mask ? [] : [position]));
  const count = Math.min(Math.max(1, Math.round(ids.length * density)), open.length);
  // A partial Fisher-Yates shuffle: the first `count` places are a random choice.
  for (let place = 0; place < count; place++) {
    const other = place + Math.floor(random() * (open.length - place));
    [open[place], open[other]] = [open[other] ?? 0, open[place] ?? 0];
  }
  const chosen = new Set(open.slice(0, count));
  return { masked: ids.map((id, position) => (chosen.has(position) ? mask : id)), original: ids };
}
