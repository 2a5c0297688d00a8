/**
 * A VS Code in another language, as one with a language pack and "Configure Display Language" is: the profile's argv.json names the
 * language, and a pack of it is installed. The pack of here translates nothing of VS Code itself, since packs come from a
 * registry of extensions: its own titles stay English, what extensions say does not.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { root } from '../../../scripts/lib/places.mjs';
import type { Profile } from '../../../scripts/lib/webCode.mjs';

type Messages = Record<string, string>;

/** Makes a profile's VS Code speak a language, before its server starts. */
export function chooseLanguage({ data }: Profile, language: string): void {
  const write = (file: string, contents: unknown): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(contents));
  };
  const pack = join(data, 'language-pack', 'main.i18n.json');
  write(pack, { contents: {} });
  write(join(data, 'User', 'argv.json'), { locale: language });
  const extensions = [{ extensionIdentifier: { id: `tests.language-pack-${language}` }, version: '1.0.0' }];
  write(join(data, 'languagepacks.json'), {
    [language]: { hash: 'empty', label: language, extensions, translations: { vscode: pack } },
  });
}

/** Messages of hosts and pages in a language, by the English ones. */
export function messagesIn(language: string): Messages {
  return JSON.parse(readFileSync(join(root, 'l10n', `bundle.l10n.${language}.json`), 'utf8')) as Messages;
}

/** What package.json shows in a language, by key: titles of commands, names of views, descriptions of settings. */
export function manifestIn(language: string): Messages {
  return JSON.parse(readFileSync(join(root, `package.nls.${language}.json`), 'utf8')) as Messages;
}

/**
 * Finds English in what was read, by the messages that are translated: a text that is a message, or holds a message of three
 * words or more. Messages that are the same in both languages, or are words of the other one as well, tell nothing.
 * @returns each text that is English
 */
export function untranslatedIn(texts: readonly string[], messages: Messages): string[] {
  const translations = new Set(Object.values(messages));
  const patterns = Object.entries(messages)
    .filter(([english, translation]) => english !== translation && !translations.has(english))
    .flatMap(([english]) => patternOf(english.replace(/\/(progress|error)$/, '')) ?? []);
  return [...new Set(texts)].filter((text) => patterns.some((pattern) => pattern.test(text)));
}

/** The texts of a page and of its labels, titles and placeholders; not what a model or the user has written. */
export async function textsOf(view: FrameLocator): Promise<string[]> {
  return view.locator('body').evaluate((body) => {
    const others = 'script, style, .token, [data-testid="prediction-a"], [data-testid="prediction-b"]';
    const isShown = (element: Element | null): boolean =>
      element !== null && element.closest(others) === null && element.checkVisibility();
    const texts: string[] = [];
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (isShown(node.parentElement)) texts.push(node.textContent ?? '');
    }
    for (const element of body.querySelectorAll('*')) {
      if (!isShown(element)) continue;
      for (const name of ['title', 'aria-label', 'aria-description', 'aria-valuetext', 'placeholder', 'label']) {
        texts.push(element.getAttribute(name) ?? '');
      }
    }
    return texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => /\p{L}{2}/u.test(text));
  });
}

/** Labels, headings and buttons whose words are cut off at the edge of them or of what they are in, and "…" of the page itself. */
export async function cutOff(view: FrameLocator): Promise<string[]> {
  return view.locator('body').evaluate((body) => {
    const page = body.ownerDocument.documentElement;
    const found = page.scrollWidth > page.clientWidth ? ['the page'] : [];
    const range = body.ownerDocument.createRange();
    const clips = (element: Element): boolean => /hidden|clip/.test(getComputedStyle(element).overflowX);
    for (const element of body.querySelectorAll('button, label, h1, h2, h3, h4, th, dt, p, span, gqa-button')) {
      const said = element.textContent.trim();
      if (said === '' || element.closest('.token, .tensor-body, .visually-hidden') || !element.checkVisibility())
        continue;
      range.selectNodeContents(element);
      const { left, right } = range.getBoundingClientRect();
      for (let box: Element | null = element; box !== null; box = box.parentElement) {
        if (!clips(box)) continue;
        const edge = box.getBoundingClientRect();
        if (right > edge.right + 1 || left < edge.left - 1) found.push(`${said} in .${box.className}`);
      }
    }
    return found;
  });
}

/** A message as a pattern: what is put into it may be anything. Null where too little of its own is left to know it by. */
function patternOf(message: string): RegExp | null {
  const own = message.replace(/\{\d+\}/g, ' ').match(/\p{L}{3,}/gu) ?? [];
  if (own.length === 0) return null;
  const escaped = message
    .trim()
    .split(/\{\d+\}/)
    .map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+')
    .replace(/\s+/g, '\\s');
  return own.length < 3 ? new RegExp(`^${escaped}$`) : new RegExp(`(?<!\\p{L})${escaped}(?!\\p{L})`, 'u');
}
