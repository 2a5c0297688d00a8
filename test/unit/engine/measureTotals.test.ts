/** Numbers of windows summed up: every position counts the same, whatever the length of its window. */
import { describe, expect, it } from 'vitest';
import { totalLayers, totals, type WindowNumbers } from '../../../src/engine/measureTotals';
import type { LayerDrift } from '../../../src/model/layerDrift';

function window(kl: number[], loss: [number[], number[]], top: [number[], number[]]): WindowNumbers {
  return {
    ids: kl.map((_, s) => s),
    targets: loss[0].map((_, position) => ({ position, token: position + 1 })),
    a: { loss: Float32Array.from(loss[0]), top: Uint32Array.from(top[0]) },
    b: { loss: Float32Array.from(loss[1]), top: Uint32Array.from(top[1]) },
    kl: Float32Array.from(kl),
  };
}

const long = window([1, 2, 3], [[1, 2], [3, 4]], [[7, 7, 7], [7, 7, 0]]); // prettier-ignore
const short = window([4], [[], []], [[5], [6]]);

describe('totals', () => {
  it('count every position the same', () => {
    const found = totals([long, short], 10);
    expect(found.tokens).toBe(4);
    // The window of one token has nothing to predict.
    expect(found.loss).toEqual({ a: 1.5, b: 3.5 });
    expect(found.perplexity).toEqual({ a: Math.exp(1.5), b: Math.exp(3.5) });
    expect(found.klMean).toBe(2.5);
    expect([...found.klPerPosition]).toEqual([2.5, 2, 3]);
    expect(found.top1Agreement).toBe(0.5);
  });

  it('tell where predictions moved most', () => {
    expect(totals([long, short], 2).moved).toEqual([
      { window: 1, position: 0 },
      { window: 0, position: 2 },
    ]);
  });

  it('have no loss where nothing is predicted, and name nothing that has not moved', () => {
    const still = window([0], [[], []], [[1], [1]]);
    expect(totals([still], 5)).toMatchObject({
      loss: { a: null, b: null },
      perplexity: { a: null, b: null },
      moved: [],
    });
  });
});

describe('layers of several windows', () => {
  it('count every position the same, whatever stack it is of', () => {
    const drift = (S: number, value: number): LayerDrift => ({
      S,
      jensenShannon: Float32Array.of(value, 0),
      streams: { attentionCosine: value, residualCosine: 1 - value },
    });
    const found = totalLayers(
      [
        [drift(3, 0.5), drift(1, 0.25)],
        [drift(1, 0.25), drift(1, 0.75)],
      ],
      ['encoder 0', 'decoder 0'],
    );
    expect(found.map(({ title }) => title)).toEqual(['encoder 0', 'decoder 0']);
    expect(found.map(({ attentionCosine }) => attentionCosine)).toEqual([0.4375, 0.5]);
    expect(found.map(({ residualCosine }) => residualCosine)).toEqual([0.5625, 0.5]);
    expect([...(found[0]?.jensenShannon ?? [])]).toEqual([0.4375, 0]);
  });

  it('tell nothing of what does not correspond', () => {
    const [heads, streams] = [
      { S: 2, jensenShannon: Float32Array.of(0.5), streams: null },
      { S: 2, jensenShannon: null, streams: { attentionCosine: 0.5, residualCosine: 0.25 } },
    ];
    expect(totalLayers([[heads]], ['layer 0'])).toEqual([
      { title: 'layer 0', jensenShannon: Float32Array.of(0.5), attentionCosine: null, residualCosine: null },
    ]);
    expect(totalLayers([[streams]], ['layer 0'])).toEqual([
      { title: 'layer 0', jensenShannon: null, attentionCosine: 0.5, residualCosine: 0.25 },
    ]);
  });
});
