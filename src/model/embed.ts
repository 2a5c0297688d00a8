/**
 * Token and position embeddings, gathered on the CPU: only the rows of the text's tokens are read from the file.
 * Role: the residual stream's first value. Everything after it runs on the GPU.
 */
import { GqaLensError } from '../protocol/errors';
import { pad4 } from '../gpu/operations/matrix';
import { padMatrix } from './gpuWeights';
import type { WeightSource } from './spec';

export interface Embedded {
  /** [S, pad4(E)] token embeddings, of E numbers each; padding lanes are 0. */
  tokens: Float32Array;
  /** [S, pad4(D)] what learned positions add to them; null where positions are not learned. */
  positions: Float32Array | null;
}

/**
 * Embeds `ids` at positions past..past+S-1.
 * @throws GqaLensError input-invalid for ids outside the vocabulary or positions beyond a learned table
 */
export async function embed(
  source: WeightSource,
  ids: readonly number[],
  past: number,
  signal: AbortSignal,
): Promise<Embedded> {
  const { D, V, embeddingSize: E = D, embeddingScale = 1 } = source.spec;
  const width = pad4(E);
  const tokens = new Float32Array(ids.length * width);
  const rows = new Map<number, Promise<Float32Array>>();
  const rowOf = (id: number): Promise<Float32Array> => {
    const known = rows.get(id);
    if (known) return known;
    const row = source
      .readRows('embed.tokens', null, id, id + 1, signal)
      .then(({ data }) => (embeddingScale === 1 ? data : data.map((value) => value * embeddingScale)));
    rows.set(id, row);
    return row;
  };
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= V);
  if (wrong !== undefined) {
    throw new GqaLensError('input-invalid', 'A token id is outside the vocabulary', {
      expected: `0 to ${V - 1}`,
      found: String(wrong),
    });
  }
  await Promise.all(
    ids.map(async (id, index) => {
      tokens.set(await rowOf(id), index * width);
    }),
  );
  return { tokens, positions: await embedPositions(source, ids.length, past, signal) };
}

async function embedPositions(
  source: WeightSource,
  S: number,
  past: number,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  const { D, position } = source.spec;
  if (position.kind !== 'learned') return null;
  const end = past + S;
  if (end > position.maxPositions) {
    throw new GqaLensError('input-invalid', 'The input is longer than the learned position table', {
      limit: `${position.maxPositions} positions`,
      found: `${end} tokens`,
      next: 'Use a shorter text.',
    });
  }
  const { data } = await source.readRows('embed.positions', null, past, end, signal);
  return padMatrix(data, { blocks: 1, size: S }, { blocks: 1, size: D }).slice(0, S * pad4(D));
}
