// The rules of the history of runs: its length, what is one entry, what is read back of what was kept.
import type * as vscode from 'vscode';
import { describe, expect, it, vi } from 'vitest';
import { RunHistory, type PastRun } from '../../../src/host/history/runHistory';
import type { Session } from '../../../src/host/session';

vi.mock('vscode', () => ({
  EventEmitter: class {
    event = (): void => undefined;
    fire(): void {
      // Nobody listens.
    }
  },
}));

function memory(kept?: unknown): vscode.Memento & { kept: unknown } {
  return {
    kept,
    get(): unknown {
      return this.kept;
    },
    update(_key: string, value: unknown) {
      this.kept = value;
      return Promise.resolve();
    },
    keys: () => [],
  };
}

const session = (text: string, conversion: object = {}): Session =>
  ({
    ...{ path: '/model', model: { name: 'model', G: 8 }, text, decoderText: '' },
    conversion: { G: 2, grouping: 'contiguous', merge: 'mean', ...conversion },
    original: { runId: `run-${text.length}`, tokens: [1, 2, 3], loss: 3.5, adapter: 'GPU', milliseconds: 10.2 },
    converted: { loss: 4.5, milliseconds: 12.1 },
  }) as unknown as Session;

const texts = (history: RunHistory): string[] => history.all().map(({ text }) => text);

describe('the history of runs', () => {
  it('keeps the hundred newest, newest first, and reads them back', () => {
    const kept = memory();
    const history = new RunHistory(kept);
    for (let i = 0; i < 103; i++) history.add(session(`text ${i}`));
    expect(texts(history)).toHaveLength(100);
    expect(texts(history).slice(0, 2)).toEqual(['text 102', 'text 101']);
    expect(new RunHistory(kept).all()).toEqual(history.all());
    expect(history.all()[0]).toMatchObject({ loss: 3.5, convertedLoss: 4.5, milliseconds: 22, tokens: 3, sourceG: 8 });
  });

  it('moves a run to the front when it is run again, under the same conversion only', () => {
    const history = new RunHistory(memory());
    for (const text of ['a', 'b', 'a']) history.add(session(text));
    expect(texts(history)).toEqual(['a', 'b']);
    history.add(session('a', { G: 4 }));
    expect(texts(history)).toEqual(['a', 'a', 'b']);
  });

  it('takes a grouping that is edited by hand for one entry until something else is run', () => {
    const history = new RunHistory(memory());
    const edit = (assignment: number[][]): object => ({ grouping: 'manual', assignment });
    history.add(session('a', edit([[0, 0, 1]])));
    history.add(session('a', edit([[0, 1, 1]])));
    expect(history.all().map(({ conversion }) => conversion.assignment)).toEqual([[[0, 1, 1]]]);
    history.add(session('b'));
    history.add(session('a', edit([[1, 0, 1]])));
    expect(texts(history)).toEqual(['a', 'b', 'a']);
  });

  it('leaves out what is damaged, and begins anew for another version', () => {
    const kept = memory();
    new RunHistory(kept).add(session('a'));
    const { runs } = kept.kept as { runs: PastRun[] };
    const damaged = { version: 1, runs: [null, { ...runs[0], time: 'now' }, { ...runs[0], conversion: {} }, runs[0]] };
    expect(texts(new RunHistory(memory(damaged)))).toEqual(['a']);
    expect(texts(new RunHistory(memory({ version: 2, runs })))).toEqual([]);
    expect(texts(new RunHistory(memory('nonsense')))).toEqual([]);
  });
});
