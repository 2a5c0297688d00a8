/** Likeness of attention maps: an entry of the similarity registry. The maps are compared on the GPU. */
import type { MapMeasure } from './measure';

/** 1 − Jensen-Shannon divergence (base 2), mean over the text's positions. */
export const attention: MapMeasure = {
  kind: 'maps',
  id: 'attention',
  title: 'Likeness of maps (1 − JS)',
  description:
    'How alike the attention maps of query heads are, and each to its own map over pooled keys. Needs a run; about a second.',
  source: 'Jensen-Shannon divergence (Lin 1991)',
  on: ['attention'],
  alike: 'high',
  floorNote:
    'Random queries and keys on the same inputs: they attend evenly, and so alike. Trained heads may lie below.',
  self: 1,
  ofDivergence: (divergence) => 1 - divergence,
};
