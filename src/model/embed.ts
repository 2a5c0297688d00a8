/**
 * Token and position embeddings, gathered on the CPU: only the rows of the text's tokens are read from the file.
 * Role: the residual stream's first value. Everything after it runs on the GPU.
 */
import { GqaLensError } from '../protocol/errors';
import { pad4 } from '../gpu/operations/matrix';
import type { WeightSource } from './spec';

/**
 * Embeds `ids` at positions past..past+S-1.
 * @returns [S, pad4(D)] float32, padding lanes 0
 * @throws GqaLensError input-invalid for ids outside the vocabulary or positions beyond a learned table
 */
export async function embed(
  source: WeightSource,
  ids: readonly number[],
  past: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { D, V, position, embeddingScale = 1 } = source.spec;
  const width = pad4(D);
  const result = new Float32Array(ids.length * width);
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
      result.set(await rowOf(id), index * width);
    }),
  );
  if (position.kind === 'learned') {
    const end = past + ids.length;
    if (end > position.maxPositions) {
      throw new GqaLensError('input-invalid', 'The input is longer than the learned position table', {
        limit: `${position.maxPositions} positions`,
        found: `${end} tokens`,
        next: 'Use a shorter text.',
      });
    }
    const { data } = await source.readRows('embed.positions', null, past, end, signal);
    for (let s = 0; s < ids.length; s++) {
      for (let d = 0; d < D; d++) result[s * width + d] = (result[s * width + d] ?? 0) + (data[s * D + d] ?? 0);
    }
  }
  return result;
}
