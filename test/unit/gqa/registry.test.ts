/** What registries recommend, and what of a method crosses a process border. */
import { describe, expect, it } from 'vitest';
import { groupings } from '../../../src/gqa/grouping';
import { merges } from '../../../src/gqa/merge';
import { describeMethods, findMethod } from '../../../src/gqa/registry';
import { recommendedMethod } from '../../../src/protocol/methods';

describe('a registry', () => {
  it('recommends one merge without a text and one with a text', () => {
    const recommended = merges.filter((merge) => merge.recommended === true);
    expect(recommended.map(({ needsText = false }) => needsText).sort()).toEqual([false, true]);
    for (const hasText of [false, true]) {
      const { needsText = false, recommended: isRecommended } = recommendedMethod(merges, hasText);
      expect([needsText, isRecommended]).toEqual([hasText, true]);
    }
  });

  it('takes the first fitting method where none is recommended', () => {
    const method = { title: '', description: '', source: '' };
    const methods = [
      { ...method, id: 'a', needsText: true },
      { ...method, id: 'b' },
    ];
    expect(recommendedMethod(methods, false).id).toBe('b');
    expect(recommendedMethod(methods.slice(0, 1), false).id).toBe('a');
  });

  it('is described without functions, so that it crosses a process border', () => {
    const described = [...describeMethods(merges), ...describeMethods(groupings)];
    expect(structuredClone(described)).toEqual(described);
    expect(described.map(({ id }) => id)).toEqual([...merges, ...groupings].map(({ id }) => id));
  });

  it('names what it has when it is asked for something else', () => {
    expect(() => findMethod(merges, 'median', 'merge')).toThrow(/no merge called "median".*mean, first/);
  });
});
