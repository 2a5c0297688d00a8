// Whose language an error is in: what a user sees is in the editor's, what is logged and reported is in English.
import { EventEmitter } from 'node:events';
import type * as vscode from 'vscode';
import { describe, expect, it, vi } from 'vitest';
import type { HostContext } from '../../../src/host/context';
import { tellCrashes } from '../../../src/host/engineWatch';
import { openView } from '../../../src/host/panels/openView';
import { onDidReportError, reportError } from '../../../src/host/reportError';
import { shownModel, shownProblem } from '../../../src/host/shownError';
import { GqaLensError, type ErrorValue } from '../../../src/protocol/errors';

const editor = vi.hoisted(() => ({ shown: [] as string[] }));
vi.mock('vscode', async () => {
  const { readFileSync } = await import('node:fs');
  const bundle = JSON.parse(
    readFileSync(new URL('../../../l10n/bundle.l10n.de.json', import.meta.url), 'utf8'),
  ) as Record<string, string>;
  return {
    l10n: { bundle, t: (message: string) => bundle[message] ?? message },
    EventEmitter: class {
      readonly #listeners: ((value: unknown) => void)[] = [];
      readonly event = (listener: (value: unknown) => void): number => this.#listeners.push(listener);
      fire(value: unknown): void {
        for (const listener of this.#listeners) listener(value);
      }
    },
    window: {
      showErrorMessage: (message: string) => {
        editor.shown.push(message);
        return Promise.resolve(undefined);
      },
    },
  };
});

const failure = (): GqaLensError =>
  new GqaLensError('input-invalid', 'A token id is outside the vocabulary', {
    file: '/models/12 tokens/a.json',
    expected: 'whole numbers from 0 to 9',
    found: '12 tokens',
    next: 'Use a shorter text.',
  });
const english =
  'A token id is outside the vocabulary (file /models/12 tokens/a.json; expected whole numbers from 0 to 9; found 12 tokens). Use a shorter text.';
const german =
  'Eine Token-ID liegt außerhalb des Vokabulars (Datei /models/12 tokens/a.json; erwartet: ganze Zahlen von 0 bis 9; gefunden: 12 Token). Nehmen Sie einen kürzeren Text.';

describe('an error', () => {
  it('is shown in German, and reported to tests and scripts in English', async () => {
    const reported: ErrorValue[] = [];
    onDidReportError((value) => reported.push(value));
    await reportError(failure());
    expect(editor.shown).toEqual([german]);
    expect(reported.map(({ message }) => message)).toEqual([english]);
  });

  it('of the engine that ended is logged in English', () => {
    editor.shown.length = 0;
    const stops = new EventEmitter();
    const logged: string[] = [];
    const context = {
      engine: { onDidStop: (listener: (stop: unknown) => void) => stops.on('stop', listener) },
      log: { error: (message: string) => logged.push(message) },
    };
    tellCrashes(context as unknown as HostContext);
    const crash = new GqaLensError('engine-gone', 'The engine process 7 was ended by SIGKILL', {
      next: 'Run again: a new engine is started.',
    });
    stops.emit('stop', { crash });
    expect(logged).toEqual(['The engine process 7 was ended by SIGKILL. Run again: a new engine is started.']);
    expect(editor.shown).toEqual([
      'Der Engine-Prozess 7 wurde durch SIGKILL beendet. Erneut ausführen: eine neue Engine wird gestartet.',
    ]);
  });

  it('that a page is answered with is in German, whole and in parts', async () => {
    const posted: { e?: ErrorValue }[] = [];
    let ask: (message: unknown) => void = () => undefined;
    const webview = {
      postMessage: (message: { e?: ErrorValue }) => Promise.resolve(posted.push(message) > 0),
      onDidReceiveMessage: (listener: (message: unknown) => void) => (ask = listener),
    };
    openView({ run: () => Promise.reject(failure()) }, webview as unknown as vscode.Webview);
    ask({ t: 'q', i: '1', m: 'run', a: [] });
    await vi.waitFor(() => expect(posted).toHaveLength(1));
    expect(posted[0]?.e).toMatchObject({
      code: 'input-invalid',
      message: german,
      summary: 'Eine Token-ID liegt außerhalb des Vokabulars',
      detail: { file: '/models/12 tokens/a.json', found: '12 Token' },
    });
  });

  it('that a page shows of a session or a model is in German, and the session keeps its own', () => {
    const { code, message, detail } = failure();
    const problem: ErrorValue = { code, message, detail };
    expect(shownProblem(problem)?.message).toBe(german);
    expect(shownProblem(null)).toBeNull();
    const model = { notRunnable: message, name: 'tiny' };
    expect(shownModel(model)).toEqual({ notRunnable: german, name: 'tiny' });
    expect([problem.message, model.notRunnable]).toEqual([english, english]);
  });
});
