/** Assignments as text: lines that diff well. */
import { expect, it } from 'vitest';
import { assignmentText } from '../../../src/host/assignmentText';
import type { LayerView } from '../../../src/protocol/model';

const layer = (title: string): LayerView => ({
  title,
  name: title,
  stack: 'decoder',
  attention: 'causal',
  grouped: true,
});

it('has a line for each head, so that both sides line up', () => {
  const layers = [layer('layer 0'), layer('layer 1')];
  const grouping = { G: 2, groupOfKvHead: [], groupOfHead: [[0, 0, 1], [1, 0, 1]] }; // prettier-ignore
  const text = assignmentText('GQA-2', layers, grouping);
  expect(text.split('\n')).toEqual([
    'GQA-2',
    '',
    'layer 0 · 3 query heads on 2 KV heads',
    'layer 0 · Q0 → KV 0',
    'layer 0 · Q1 → KV 0',
    'layer 0 · Q2 → KV 1',
    '',
    'layer 1 · 3 query heads on 2 KV heads',
    'layer 1 · Q0 → KV 1',
    'layer 1 · Q1 → KV 0',
    'layer 1 · Q2 → KV 1',
    '',
  ]);
  const alone = assignmentText('MQA', layers, { ...grouping, groupOfHead: [[0, 0, 0], [0, 0, 0]] }); // prettier-ignore
  expect(alone.split('\n')).toHaveLength(text.split('\n').length);
  expect(alone).toContain('3 query heads on 1 KV head\n');
});
