// What goes into a report as far as there is room: maps before exact weights, the layer that is shown first.
import { describe, expect, it } from 'vitest';
import type { EngineCore } from '../../../src/engine/core';
import { describeLeftOut } from '../../../src/engine/report/leftOut';
import { partBytes, recordParts, type ReportPart } from '../../../src/engine/report/parts';
import type { ExplorerSnapshot } from '../../../src/protocol/explorerView';
import type { AttentionRequest } from '../../../src/protocol/maps';
import { quietTask } from '../../../src/protocol/tasks';

const [L, H, S] = [3, 2, 80];

/** An engine whose maps are noise, so that they do not shrink. */
const asked: string[] = [];
let state = 1;
const noise = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
const engine = {
  attention: ({ runId, layer, heads, values, size = S }: AttentionRequest) => {
    asked.push(`${values ?? ''} ${runId} ${layer} ${heads.join()} ${size}`);
    return Promise.resolve({ codes: Uint8Array.from({ length: heads.length * size * size }, () => 256 * noise()) });
  },
  maps: (runId: string, layer: number) => {
    asked.push(`weights ${runId} ${layer}`);
    return Promise.resolve(Float32Array.from({ length: H * S * S }, noise));
  },
} as unknown as EngineCore;

const run = (runId: string) => ({
  runId,
  tokens: Array.from({ length: S }, () => ({ id: 0, text: '' })),
  encoderTokens: null,
});
const explorer = {
  model: {
    L,
    H,
    layers: [0, 1, 2].map((layer) => ({ title: `layer ${layer}`, stack: 'decoder', attention: 'causal' })),
  },
  grouping: {
    G: 1,
    groupOfHead: [
      [0, 0],
      [0, 0],
      [0, 1],
    ],
  },
  state: { ui: { layer: 1 } },
  original: run('run-7'),
  converted: run('run-9'),
} as unknown as ExplorerSnapshot;

const record = (budget: number) => recordParts(engine, { explorer, comparison: null }, budget, quietTask);
const names = (parts: ReportPart[]): string[] => parts.map(({ name }) => name);

describe('the parts of a report', () => {
  it('are all there where there is room, and nothing is said to be missing', async () => {
    asked.length = 0;
    const { parts, leftOut } = await record(1e9);
    const places = ['original 1', 'converted 1', 'original 0', 'converted 0', 'original 2', 'converted 2'];
    expect(names(parts)).toEqual(
      ['maps', 'weights', 'scores'].flatMap((kind) => places.map((place) => `${kind} ${place}`)),
    );
    expect(leftOut).toEqual([]);
    expect(asked).toContain('probabilities run-7 1 0,1 80');
    expect(asked).toContain('scores run-9 2 1 80');
  });

  it('leave out exact weights first and say so', async () => {
    const all = (await record(1e9)).parts;
    const maps = all.slice(0, 2 * L).reduce((sum, part) => sum + partBytes(part), 0);
    const one = all.slice(2 * L, 2 * L + 1).reduce((sum, part) => sum + partBytes(part), 0);
    const some = await record(maps + 1.5 * one);
    expect(names(some.parts).slice(0, 2 * L + 1)).toEqual(names(all).slice(0, 2 * L + 1));
    expect(names(some.parts)).not.toContain('weights converted 1');
    expect(some.leftOut[0]).toMatchObject({ kind: 'parts', part: 'weights' });
    const told = some.leftOut.map((one) => describeLeftOut(one, explorer.model.layers, null))[0];
    expect(told).toMatch(/^Exact weights of layer 1, converted; layer 0; .*rounded/);
  });

  it('pool maps where they have no room in full, and leave out layers far from the one that is shown last', async () => {
    const all = (await record(1e9)).parts;
    const maps = all.slice(0, 2 * L).reduce((sum, part) => sum + partBytes(part), 0);
    asked.length = 0;
    const coarse = await record(maps * 0.8);
    expect(names(coarse.parts).slice(0, 2 * L)).toEqual(names(all).slice(0, 2 * L));
    expect(asked).toContain('probabilities run-7 2 0 64');
    expect(coarse.leftOut[0]).toEqual({ kind: 'pooled', size: 64 });
    const few = await record(maps * 0.25);
    expect(names(few.parts)).toEqual(['maps original 1', 'maps converted 1']);
    const places = [0, 2].flatMap((layer) => [
      { side: 'original', layer },
      { side: 'converted', layer },
    ]);
    expect(few.leftOut[1]).toEqual({ kind: 'parts', part: 'maps', places });
    expect((await record(10)).parts).toEqual([]);
  });

  it('stay within the budget, whatever it is', async () => {
    for (const budget of [0, 5e3, 5e4, 2e5]) {
      const { parts } = await record(budget);
      expect(parts.reduce((sum, part) => sum + partBytes(part), 0)).toBeLessThanOrEqual(budget);
    }
  });
});
