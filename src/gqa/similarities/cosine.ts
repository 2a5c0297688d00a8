/** Raw cosine between two heads as long vectors: an entry of the similarity registry. */
import { dot } from '../gram';
import type { SimilarityMeasure } from '../compareHeads';

/** ⟨X, Y⟩ / (‖X‖‖Y‖) over all entries of the projections. */
export const cosine: SimilarityMeasure = {
  id: 'cosine',
  title: 'Raw cosine',
  description: 'Cosine of the weights as they are stored. Near 0 for every pair: heads live in different bases.',
  source: 'Salton; see "aligned" for why it says little about heads',
  compare: async (head, others, { breathe }) => {
    const block = head.K * head.columns;
    const inner = new Float64Array(others.count);
    for (let other = 0; other < others.count; other += 1) {
      inner[other] = dot(head.data, 0, others.data, other * block, block);
      await breathe();
    }
    return inner;
  },
};
