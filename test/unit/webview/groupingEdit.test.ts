/** Groups changed by hand, and the way back. */
import { describe, expect, it } from 'vitest';
import {
  copyToAllLayers,
  exchangeHeads,
  isEditable,
  moveHead,
} from '../../../webview/explorer/assignment/groupingEdit';
import { GroupingHistory } from '../../../webview/explorer/assignment/groupingHistory';

const groups = [
  [0, 0, 1, 1],
  [0, 1, 0, 1],
];

describe('a change by hand', () => {
  it('moves a head of one layer and leaves the others', () => {
    const edit = moveHead(groups, 0, 1, 1, 'Q1');
    expect(edit).toEqual({ groups: [[0, 1, 1, 1], groups[1]], said: 'Q1 moved from KV 0 to KV 1.' });
    expect(groups[0]).toEqual([0, 0, 1, 1]);
  });

  it('empties no group and says how to go on', () => {
    const edit = moveHead([[0, 1, 1, 1]], 0, 0, 1, 'Q0');
    expect(edit.groups).toBeNull();
    expect(edit.said).toMatch(/last head of KV 0: exchange/);
    expect(moveHead(groups, 0, 0, 0, 'Q0').groups).toBeNull();
  });

  it('exchanges two heads, so that groups keep their sizes', () => {
    expect(exchangeHeads(groups, 1, 0, 3, ['Q0', 'Q3']).groups).toEqual([groups[0], [1, 1, 0, 0]]);
    expect(exchangeHeads(groups, 0, 0, 1, ['Q0', 'Q1']).groups).toBeNull();
  });

  it('gives its groups to every layer whose heads are grouped', () => {
    const own = [0, 1, 2, 3];
    expect(copyToAllLayers([own, ...groups], 2, 2).groups).toEqual([own, groups[1], groups[1]]);
    expect(copyToAllLayers([groups[0] ?? [], groups[0] ?? []], 0, 2).groups).toBeNull();
    expect([isEditable(own, 2), isEditable([1, 0], 2)]).toEqual([false, true]);
  });
});

describe('undo and redo', () => {
  const groupsOf = (...assignment: number[]) => ({ G: 2, grouping: 'manual', assignment: [assignment] });
  const choice = (...assignment: number[]) => ({ ...groupsOf(...assignment), merge: 'mean' });
  const start = { G: 2, grouping: 'contiguous', merge: 'mean' };
  const first = groupsOf(0, 0, 1, 1);
  const second = groupsOf(0, 1, 1, 1);

  function filled(): GroupingHistory {
    const history = new GroupingHistory();
    history.tell(start);
    history.tell(choice(0, 0, 1, 1));
    history.tell(choice(0, 0, 1, 1));
    history.tell(choice(0, 1, 1, 1));
    return history;
  }

  it('go back and forth and end at both ends', () => {
    const history = filled();
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toEqual(first);
    history.tell(choice(0, 0, 1, 1));
    expect(history.undo()).toEqual({ G: 2, grouping: 'contiguous' });
    history.tell(start);
    expect([history.canUndo, history.undo()]).toEqual([false, null]);
    expect(history.redo()).toEqual(first);
    history.tell(choice(0, 0, 1, 1));
    expect(history.redo()).toEqual(second);
    history.tell(choice(0, 1, 1, 1));
    expect(history.redo()).toBeNull();
  });

  it('tell the same groups apart that were there twice', () => {
    const history = filled();
    history.tell(choice(0, 0, 1, 1));
    expect(history.undo()).toEqual(second);
    history.settle(choice(0, 1, 1, 1));
    expect(history.undo()).toEqual(first);
    history.settle(choice(0, 0, 1, 1));
    expect(history.undo()).toEqual({ G: 2, grouping: 'contiguous' });
    history.settle(start);
    expect([history.canUndo, history.canRedo]).toEqual([false, true]);
  });

  it('forget what was undone when something new is done', () => {
    const history = filled();
    history.undo();
    history.tell(choice(0, 0, 1, 1));
    history.tell(choice(1, 0, 0, 1));
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toEqual(first);
  });

  it('do not count a change of the merge', () => {
    const history = filled();
    const otherMerge = { ...choice(0, 1, 1, 1), merge: 'pca' };
    history.tell(otherMerge);
    expect(history.undo()).toEqual(first);
  });

  it('stand where the model stands when a step fails', () => {
    const history = filled();
    history.undo();
    history.settle(choice(0, 1, 1, 1));
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toEqual(first);
  });

  it('come back after a reload, and from nothing else', () => {
    const history = filled();
    history.undo();
    history.settle(choice(0, 0, 1, 1));
    const restored = new GroupingHistory();
    for (const damaged of [null, 3, {}, { entries: [], place: 0 }, { entries: [{ G: 2 }], place: 0 }]) {
      restored.restore(damaged);
      expect(restored.canUndo).toBe(false);
    }
    restored.restore(JSON.parse(JSON.stringify(history.store())));
    restored.tell(choice(0, 0, 1, 1));
    expect([restored.canUndo, restored.redo()]).toEqual([true, second]);
  });
});
