/**
 * Token and position embeddings, gathered on the CPU: only the rows of the text's tokens are read from the file.
 * Role: the residual stream's first value. Everything after it runs on the GPU.
 */
import { GqaLensError } from '../protocol/errors';
import { pad4 } from '../gpu/operations/matrix';
import { padMatrix } from './gpuWeights';
import type { WeightSource } from './weightSource';

export interface Embedded {
  /** [S, pad4(E)] token embeddings, of E numbers each; padding lanes are 0. */
  tokens: Float32Array;
  /** [S, pad4(D)] what learned positions and the kind of segment add to them; null where there is neither. */
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
  const positions = await embedPositions(source, ids.length, past, signal);
  return { tokens, positions: await addSegment(source, positions, ids.length, signal) };
}

/** Adds the row of the first kind of segment to each position, where the model tells kinds apart. */
async function addSegment(
  source: WeightSource,
  positions: Float32Array | null,
  S: number,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  if (!source.has('embed.segments', null)) return positions;
  const width = pad4(source.spec.D);
  const { data } = await source.readRows('embed.segments', null, 0, 1, signal);
  const sums = positions ?? new Float32Array(S * width);
  for (let row = 0; row < S; row++) {
    data.forEach((value, column) => (sums[row * width + column] = (sums[row * width + column] ?? 0) + value));
  }
  return sums;
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
