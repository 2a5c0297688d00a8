/**
 * Every G-th head shares.
 * Role: one entry of the grouping registry.
 */
import type { GroupingMethod } from '../grouping';

export const strided: GroupingMethod = {
  id: 'strided',
  title: 'Strided',
  description: 'Every G-th head shares: head h goes to group h mod G. Needs no data; a control for contiguous groups.',
  source: 'fkodom/grouped-query-attention-pytorch (t5.py)',
  assign: ({ n, G }) => Array.from({ length: n }, (_, head) => head % G),
};
