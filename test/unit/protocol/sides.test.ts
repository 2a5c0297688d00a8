/** The sides of a comparison: what they are called, and what of them can be compared. */
import { describe, expect, it } from 'vitest';
import type { ConversionRequest } from '../../../src/protocol/conversion';
import type { MethodInfo } from '../../../src/protocol/methods';
import type { ModelSummary } from '../../../src/protocol/model';
import { attentionName, comparable, sideNames, type DiffSide, type SideView } from '../../../src/protocol/sides';

const method = (id: string, title: string): MethodInfo => ({ id, title, description: '', source: '' });
const registries = {
  merges: [method('mean', 'Mean'), method('pca', 'PCA')],
  groupings: [method('contiguous', 'Contiguous'), method('strided', 'Strided')],
};
const model = (path: string, G: number): ModelSummary =>
  ({ modelId: path, path, name: path.split('/').at(-1), G, H: 8 }) as ModelSummary;
const opened = model('/a/base', 8);
const converted = (merge: string, grouping = 'contiguous', G = 2): Omit<SideView, 'name'> => {
  const conversion: ConversionRequest = { G, grouping, merge };
  return { side: { kind: 'conversion', conversion }, model: opened, conversion };
};
const original: Omit<SideView, 'name'> = { side: { kind: 'opened' }, model: opened, conversion: null };
const other = (path: string, known: ModelSummary | null): Omit<SideView, 'name'> => {
  const side: DiffSide = { kind: 'checkpoint', path };
  return { side, model: known, conversion: null };
};
const namesOf = (a: Omit<SideView, 'name'>, b: Omit<SideView, 'name'>) => sideNames({ a, b }, registries);

describe('names of sides', () => {
  it('name attention by its number of KV heads', () => {
    expect([8, 2, 1].map((G) => attentionName(G, 8))).toEqual(['MHA', 'GQA-2', 'MQA']);
  });

  it('say no more than tells them apart', () => {
    expect(namesOf(original, converted('mean'))).toEqual({ a: 'MHA', b: 'GQA-2' });
    expect(namesOf(converted('mean'), converted('pca'))).toEqual({ a: 'GQA-2 · Mean', b: 'GQA-2 · PCA' });
    const strided = namesOf(converted('pca', 'strided'), converted('pca'));
    expect(strided).toEqual({ a: 'GQA-2 · PCA · Strided', b: 'GQA-2 · PCA · Contiguous' });
    expect(namesOf(original, other('/b/child', model('/b/child', 2)))).toEqual({
      a: 'base (MHA)',
      b: 'child (GQA-2)',
    });
    expect(namesOf(original, other('/b/base', model('/b/base', 8)))).toEqual({
      a: 'a/base (MHA)',
      b: 'b/base (MHA)',
    });
    expect(namesOf(original, original)).toEqual({ a: 'A: MHA', b: 'B: MHA' });
  });

  it('name a checkpoint that cannot be opened by its folder', () => {
    expect(namesOf(original, other('C:\\models\\gone', null)).b).toBe('gone');
  });
});

describe('what can be compared', () => {
  const shape = (L: number, H: number, D: number) => ({
    ...{ L, H, D },
    layers: Array.from({ length: L }, () => ({ attention: 'causal' as const })),
  });

  it('is everything of one shape', () => {
    expect(comparable(shape(2, 8, 64), shape(2, 8, 64))).toEqual({ heads: true, streams: true });
  });

  it('leaves out what does not correspond', () => {
    expect(comparable(shape(2, 8, 64), shape(2, 4, 64))).toEqual({ heads: false, streams: true });
    expect(comparable(shape(2, 8, 64), shape(2, 8, 32))).toEqual({ heads: true, streams: false });
    expect(comparable(shape(2, 8, 64), shape(3, 8, 64))).toEqual({ heads: false, streams: false });
    const encoder = { ...shape(2, 8, 64), layers: [{ attention: 'full' as const }, { attention: 'full' as const }] };
    expect(comparable(shape(2, 8, 64), encoder)).toEqual({ heads: false, streams: false });
  });
});
