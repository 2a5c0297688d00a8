/** Two lists of predictions beside each other: which tokens both have. Pure. */
import type { Prediction } from '../../src/protocol/runs';
import type { SideId } from '../../src/protocol/sides';

/** A prediction with its place in the other list, from 0; -1 where that does not have it. */
export interface RankedPrediction extends Prediction {
  elsewhere: number;
}

/** Both lists with each token's place in the other one. */
export function aligned(a: readonly Prediction[], b: readonly Prediction[]): Record<SideId, RankedPrediction[]> {
  const within = (list: readonly Prediction[], other: readonly Prediction[]): RankedPrediction[] =>
    list.map((entry) => ({ ...entry, elsewhere: other.findIndex(({ token }) => token.id === entry.token.id) }));
  return { a: within(a, b), b: within(b, a) };
}
