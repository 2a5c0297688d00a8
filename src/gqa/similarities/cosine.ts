/** Raw cosine between two heads as long vectors: an entry of the similarity registry. */
import { type HeadMeasure, normalised, randomHeads, trace } from './measure';

/** ⟨X, Y⟩ / (‖X‖‖Y‖) over all rows. */
export const cosine: HeadMeasure = {
  kind: 'heads',
  id: 'cosine',
  title: 'Raw cosine',
  description: 'Cosine of heads as they are stored. Near 0 for every pair: heads live in different bases. Cheapest.',
  source: 'Salton; see "aligned" for why it says little about heads',
  on: ['weights', 'activations'],
  alike: 'high',
  floorNote: randomHeads,
  self: 1,
  pair: (a, b, product, { K }) => normalised(trace(product, K), trace(a, K), trace(b, K)),
};
