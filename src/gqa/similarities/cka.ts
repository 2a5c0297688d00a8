/** Linear centred kernel alignment of two heads' outputs: an entry of the similarity registry. */
import { type HeadMeasure, normalised, randomHeads } from './measure';

const square = (block: Float64Array): number => block.reduce((sum, value) => sum + value * value, 0);

/**
 * ‖X_cᵀY_c‖²_F / (‖X_cᵀX_c‖_F ‖Y_cᵀY_c‖_F), with the samples' mean taken off. Samples are the tokens, or on weights the
 * input directions. Any orthogonal map of either head leaves it alone.
 */
export const cka: HeadMeasure = {
  kind: 'heads',
  id: 'cka',
  title: 'Linear CKA',
  description:
    'Whether two heads tell the same tokens apart, whatever their bases. High for random heads too: mind the floor. Cheap.',
  source: 'Kornblith et al. 2019, arXiv 1905.00414, section 3',
  on: ['weights', 'activations'],
  alike: 'high',
  floorNote: randomHeads,
  centred: true,
  self: 1,
  pair: (a, b, product) => normalised(square(product), square(a), square(b)),
};
