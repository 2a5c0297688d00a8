/** Token labels and their thinning; numbers as people read them; heads in group order. */
import { describe, expect, it } from 'vitest';
import type { LayerView } from '../../../src/protocol/model';
import type { RunSummary } from '../../../src/protocol/runs';
import type { Token } from '../../../src/protocol/tokens';
import {
  formatChange,
  formatDuration,
  formatLoss,
  formatNumber,
  formatMilliseconds,
  formatPercent,
  formatPerplexity,
  formatTick,
  formatWeight,
} from '../../../webview/shared/format';
import { formatInteger } from '../../../src/protocol/numbers';
import { describeHeads, headsByGroup } from '../../../webview/shared/headOrder';
import {
  capitalised,
  labelWidth,
  layerTitle,
  shortLabel,
  tokenLabel,
  visibleLabels,
} from '../../../webview/shared/labels';
import { layerTokens } from '../../../webview/shared/layerTokens';
import { relativeToLargest } from '../../../webview/shared/relative';

describe('labels', () => {
  it('make whitespace visible', () => {
    expect(tokenLabel(' Holmes')).toBe('·Holmes');
    expect(tokenLabel('\n\n')).toBe('⏎⏎');
    expect(tokenLabel('')).toBe('∅');
  });

  it('are cut between characters, not inside them', () => {
    expect(shortLabel('surprise', 5)).toBe('surp…');
    expect(shortLabel('🙂🙂🙂', 2)).toBe('🙂…');
  });

  it('are thinned so that those shown keep their distance', () => {
    expect(visibleLabels(5, 12, 10)).toEqual([0, 1, 2, 3, 4]);
    expect(visibleLabels(7, 4, 10)).toEqual([0, 3, 6]);
    expect(visibleLabels(0, 4, 10)).toEqual([]);
    expect(visibleLabels(4, 0, 10)).toEqual([]);
  });

  it('begin where the first has room', () => {
    expect(visibleLabels(7, 4, 10, 8)).toEqual([2, 5]);
    expect(visibleLabels(3, 20, 10, 8)).toEqual([0, 1, 2]);
    expect(visibleLabels(2, 1, 10, 8)).toEqual([]);
  });

  it('take twice the room where letters are as wide as high', () => {
    expect(labelWidth('·Holmes', { width: 6, before: 5 })).toBe(47);
    expect(labelWidth('言葉', { width: 6, before: 5 })).toBe(29);
  });
});

describe('numbers', () => {
  it('are shares in percent, with thousands parted', () => {
    expect([0.36, 0.0123, 12.34].map((share) => formatPercent(share))).toEqual([
      '36\u202f%',
      '1\u202f%',
      '1\u202f234\u202f%',
    ]);
    expect(formatPercent(0.0123, 1)).toBe('1.2\u202f%');
  });

  it('part thousands by a narrow space', () => {
    expect(formatInteger(6144)).toBe('6\u202f144');
    expect(formatInteger(999)).toBe('999');
    expect(formatInteger(1234567)).toBe('1\u202f234\u202f567');
  });

  it('show changes with a real sign', () => {
    expect(formatChange(6144, 1536)).toBe('−75\u202f%');
    expect(formatChange(10, 12)).toBe('+20\u202f%');
    expect(formatNumber(-0.001, 2)).toBe('0.00');
    expect(formatNumber(-0.25, 2)).toBe('−0.25');
  });

  it('show weights at every magnitude', () => {
    expect(formatWeight(0)).toBe('0');
    expect(formatWeight(0.0421)).toBe('0.042');
    expect(formatWeight(0.0000123)).toBe('1.2e−5');
    expect([-0.5, -0.0000123].map(formatWeight)).toEqual(['−0.500', '−1.2e−5']);
    expect([1, 0.1, 0.01, 0.001, 1e-6].map(formatTick)).toEqual(['1', '0.1', '0.01', '10⁻³', '10⁻⁶']);
  });

  it('show what a text is too short for as a dash', () => {
    expect(formatLoss(null)).toBe('–');
    expect(formatPerplexity(null)).toBe('–');
    expect(formatPerplexity(28.23)).toBe('28.2');
    expect(formatPerplexity(12345)).toBe('12\u202f345');
    expect(formatMilliseconds(26.44)).toBe('26.4\u202fms');
    expect(formatMilliseconds(null)).toBe('–');
    expect(formatDuration(148.4)).toBe('148\u202fms');
    expect(formatDuration(2345)).toBe('2.3\u202fs');
  });
});

describe('heads', () => {
  it('are listed by group, ascending', () => {
    expect(headsByGroup([1, 0, 1, 0])).toEqual([
      [1, 3],
      [0, 2],
    ]);
    expect(headsByGroup([])).toEqual([]);
  });

  it('are described as short as possible', () => {
    expect(describeHeads([4, 5, 6, 7])).toBe('4–7');
    expect(describeHeads([0, 2, 3, 6])).toBe('0 2 3 6');
    expect(describeHeads([2, 3])).toBe('2 3');
  });
});

describe('shades', () => {
  it('are relative to the largest value and never negative', () => {
    expect(relativeToLargest([1, 4, -2])).toEqual([0.25, 1, 0]);
    expect(relativeToLargest([0, 0])).toBeNull();
    expect(relativeToLargest([])).toBeNull();
  });
});

describe('layers', () => {
  const token = (id: number): Token => ({ id, text: String(id) });
  const run = { tokens: [token(0)], encoderTokens: [token(1), token(2)] } as unknown as RunSummary;
  const layer = (stack: LayerView['stack'], attention: LayerView['attention']): LayerView => ({
    ...{ title: 'decoder 3 · cross', name: 'cross.3', grouped: true },
    ...{ stack, attention },
  });

  it('read the text of their stack, and look at their own or the other one', () => {
    const lengths = (tokens: ReturnType<typeof layerTokens>): number[] => [tokens.queries.length, tokens.keys.length];
    expect(lengths(layerTokens(run, layer('encoder', 'full')))).toEqual([2, 2]);
    expect(lengths(layerTokens(run, layer('decoder', 'causal')))).toEqual([1, 1]);
    expect(lengths(layerTokens(run, layer('decoder', 'cross')))).toEqual([1, 2]);
    expect(lengths(layerTokens({ ...run, encoderTokens: null }, layer('decoder', 'causal')))).toEqual([1, 1]);
    expect(lengths(layerTokens(null, undefined))).toEqual([0, 0]);
  });

  it('are called as the spec calls them', () => {
    expect(layerTitle({ layers: [layer('decoder', 'cross')] }, 0)).toBe('decoder 3 · cross');
    expect(layerTitle({ layers: [] }, 2)).toBe('layer 2');
    expect(capitalised('decoder 3')).toBe('Decoder 3');
  });
});
