/**
 * What T5 was trained on: a text with short spans taken out for the encoder, and the spans for the decoder.
 * Role: from a window of plain text to tokens for both stacks, so that an encoder-decoder can be measured and calibrated on
 * a text file. Pure and seeded: a window always becomes the same tokens. Source: Raffel et al. 2020, section 3.1.4.
 */
import type { TokenPair } from '../protocol/tokens';

/** Share of the tokens that are taken out, and their mean number in a span: the paper's. */
const density = 0.15;
const meanSpan = 3;

/** Tokens with a meaning of their own. */
export interface SpanMarks {
  /** One for each span, in order: <extra_id_0>, <extra_id_1>, … */
  sentinels: readonly number[];
  /** The decoder's first token. */
  start: number;
  /** Ends each text; null: nothing does. */
  end: number | null;
}

/**
 * Takes spans out of a window. Without sentinels the window is cut into halves: the decoder goes on from the encoder's.
 * @param random numbers in [0, 1)
 */
export function corruptSpans(ids: readonly number[], marks: SpanMarks, random: () => number): TokenPair {
  const { sentinels, start, end } = marks;
  const text = ids.at(-1) === end ? ids.slice(0, -1) : ids;
  const ending = end === null ? [] : [end];
  const taken = Math.min(Math.max(1, Math.round(text.length * density)), Math.max(0, text.length - 1));
  const spans = Math.min(Math.max(1, Math.round(taken / meanSpan)), sentinels.length, taken);
  if (spans < 1) {
    const middle = Math.ceil(text.length / 2);
    return { encoder: [...text.slice(0, middle), ...ending], decoder: [start, ...text.slice(middle), ...ending] };
  }
  const kept = segments(text.length - taken, spans, random);
  const out = segments(taken, spans, random);
  const encoder: number[] = [];
  const decoder = [start];
  let place = 0;
  for (let span = 0; span < spans; span++) {
    const [first, next] = [place + (kept[span] ?? 0), place + (kept[span] ?? 0) + (out[span] ?? 0)];
    const sentinel = sentinels.slice(span, span + 1);
    encoder.push(...text.slice(place, first), ...sentinel);
    decoder.push(...sentinel, ...text.slice(first, next));
    place = next;
  }
  return { encoder: [...encoder, ...ending], decoder: [...decoder, ...ending] };
}

/** `count` whole numbers that sum to `total`, at random; at least 1 each where the total allows. */
function segments(total: number, count: number, random: () => number): number[] {
  const least = total >= count ? 1 : 0;
  const free = total - least * count;
  const cuts = Array.from({ length: count - 1 }, () => Math.floor(random() * (free + 1))).sort((a, b) => a - b);
  return Array.from({ length: count }, (_, part) => least + (cuts[part] ?? free) - (cuts[part - 1] ?? 0));
}
