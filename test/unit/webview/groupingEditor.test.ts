/** What the hand does to the grouping: which conversions are asked for, while others are on their way. */
import { describe, expect, it } from 'vitest';
import type { ConversionRequest } from '../../../src/protocol/conversion';
import { GroupingEditor } from '../../../webview/explorer/assignment/groupingEditor';
import type { ExplorerView } from '../../../webview/explorer/view';

/** The host's side: conversions that are asked for, answered when the test says so. */
class Host {
  readonly asked: ConversionRequest[] = [];
  readonly said: string[] = [];
  readonly answers: (() => void)[] = [];
  readonly editor = new GroupingEditor(
    (conversion) => {
      this.asked.push(conversion);
      return new Promise((resolve) => this.answers.push(resolve));
    },
    (sentence) => this.said.push(sentence),
  );
  shown: ConversionRequest = { G: 2, grouping: 'contiguous', merge: 'pca' };

  constructor(readonly H: number) {
    this.show(this.shown);
  }

  show(conversion: ConversionRequest): void {
    this.shown = conversion;
    const n = 4;
    const usual = Array.from({ length: n }, (_, head) => (conversion.grouping === 'strided' ? head % 2 : head >> 1));
    const groupOfKvHead = conversion.assignment ?? [usual, usual];
    const snapshot = { model: { H: this.H }, grouping: { G: 2, groupOfKvHead }, state: { conversion } };
    this.editor.show({ snapshot, ui: { layer: 1 } } as unknown as ExplorerView);
  }

  /** The host takes conversion number `index` and has run it. */
  async answer(index: number): Promise<void> {
    const conversion = this.asked[index];
    if (conversion) this.show(conversion);
    await this.resolve(index);
  }

  async resolve(index: number): Promise<void> {
    this.answers[index]?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

const usual = [0, 0, 1, 1];

describe('changes by hand', () => {
  it('become a manual conversion with the same merge', async () => {
    const host = new Host(4);
    host.editor.move(1, 1);
    expect(host.asked).toEqual([{ G: 2, grouping: 'manual', assignment: [usual, [0, 1, 1, 1]], merge: 'pca' }]);
    expect(host.said).toEqual(['Q1 moved from KV 0 to KV 1.']);
    await host.answer(0);
    expect(host.editor.history.canUndo).toBe(true);
  });

  it('build on each other before the first is answered', () => {
    const host = new Host(4);
    host.editor.exchange(0, 3);
    host.editor.exchange(1, 2);
    expect(host.asked.at(-1)?.assignment).toEqual([usual, [1, 1, 0, 0]]);
  });

  it('move all query heads of a KV head of the checkpoint', () => {
    const host = new Host(8);
    host.editor.move(3, 1);
    expect(host.asked.at(-1)?.assignment?.[1]).toEqual([0, 1, 1, 1]);
    expect(host.said).toEqual(['Q2–Q3 moved from KV 0 to KV 1.']);
  });

  it('ask for nothing when they are impossible', () => {
    const host = new Host(4);
    host.editor.move(0, 0);
    host.editor.undo();
    expect(host.asked).toEqual([]);
    expect(host.said).toEqual(['Q0 is in KV 0 already.', 'Nothing is left to undo.']);
  });

  it('are undone one by one however quick the clicks and late the answers', async () => {
    const host = new Host(4);
    const steps = [() => host.editor.move(1, 1), () => host.editor.move(1, 0), () => host.editor.move(1, 1)];
    for (const [index, step] of steps.entries()) {
      step();
      await host.answer(index);
    }
    for (let click = 0; click < 3; click++) host.editor.undo();
    // Older groups, the same as asked for last but one among them, are shown on the way.
    for (const index of [3, 4, 5]) await host.answer(index);
    expect(host.shown).toEqual({ G: 2, grouping: 'contiguous', merge: 'pca' });
    expect([host.editor.history.canUndo, host.editor.history.canRedo]).toEqual([false, true]);
    host.editor.redo();
    expect(host.asked.at(-1)?.assignment?.[1]).toEqual([0, 1, 1, 1]);
  });

  it('leave the history where the model stands when they fail', async () => {
    const host = new Host(4);
    host.editor.move(1, 1);
    await host.answer(0);
    host.editor.undo();
    await host.resolve(1);
    expect([host.editor.history.canUndo, host.editor.history.canRedo]).toEqual([true, false]);
  });

  it('take note of groups that somebody else has chosen', () => {
    const host = new Host(4);
    host.show({ G: 2, grouping: 'strided', merge: 'mean' });
    host.editor.undo();
    expect(host.asked).toEqual([{ G: 2, grouping: 'contiguous', merge: 'mean' }]);
  });
});
