// The way of a translated word: from the editor's bundle through the page's HTML to what the page says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { webviewHtml } from '../../../src/host/panels/webviewHtml';
import { root } from '../../../scripts/lib/places.mjs';

const editor = vi.hoisted(() => ({
  l10n: { bundle: undefined as Record<string, string> | undefined },
  env: { language: 'en' },
  Uri: { joinPath: (base: string, ...parts: string[]): string => [base, ...parts].join('/') },
}));
vi.mock('vscode', () => editor);

/** A module of the pages, which these tests' types (Node's) do not know. */
const language = '../../../webview/shared/language.ts';
const german = JSON.parse(readFileSync(join(root, 'l10n', 'bundle.l10n.de.json'), 'utf8')) as Record<string, string>;
const messagesOf = (html: string): string | undefined =>
  /<script type="application\/json" id="messages">(.*?)<\/script>/s.exec(html)?.[1];

function page(): string {
  const webview = { cspSource: 'self', asWebviewUri: (uri: string) => uri } as unknown as vscode.Webview;
  return webviewHtml({ extensionUri: '' } as unknown as vscode.ExtensionContext, webview, 'explorer', 'sample', 'page');
}

describe('the language of a page', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('is English where the editor has no bundle', () => {
    editor.l10n.bundle = undefined;
    expect(messagesOf(page())).toBeUndefined();
  });

  it("is the editor's, and the page says its words", async () => {
    Object.assign(editor, { env: { language: 'de' }, l10n: { bundle: german } });
    const html = page();
    expect(html).toContain('<html lang="de">');
    vi.stubGlobal('document', { getElementById: () => ({ textContent: messagesOf(html) }) });
    await import(language);
    const { t } = await import('@vscode/l10n');
    expect(t('Run')).toBe('Ausführen');
    expect(t('{0} layers × {1} heads', 6, 8)).toBe('6 Schichten × 8 Köpfe');
  });

  it('cannot put markup into the page', () => {
    editor.l10n.bundle = { Run: '</script><script>alert(1)</script>' };
    const html = page();
    expect(html).not.toContain('alert(1)</script>');
    expect(JSON.parse(messagesOf(html) ?? '')).toEqual(editor.l10n.bundle);
  });
});
