// What a page that stands alone says where scripts are off, in the language that it is written in.
import { describe, expect, it } from 'vitest';
import { translationsOf } from '../../../scripts/lib/messages.mjs';
import { standalonePage, type WebPage } from '../../../src/engine/standalonePage';

const withoutScripts = (page: WebPage, language: string): string | undefined =>
  /<noscript>(.*?)<\/noscript>/.exec(standalonePage({ title: 'x', page, language, data: [] }))?.[1];

describe('a page that stands alone, without scripts', () => {
  it("says what it needs in the page's language, and in English for one that it is not translated to", () => {
    const page = { script: '', style: '', translations: translationsOf([]) };
    expect(withoutScripts(page, 'de')).toBe('Diese Seite zeichnet sich mit JavaScript.');
    expect(withoutScripts(page, 'en')).toBe('This page draws itself with JavaScript.');
    expect(withoutScripts(page, 'xx')).toBe('This page draws itself with JavaScript.');
  });

  it('takes no markup from a translation', () => {
    const translations = { de: { 'This page draws itself with JavaScript.': '</noscript><script>alert(1)</script>' } };
    expect(withoutScripts({ script: '', style: '', translations }, 'de')).not.toContain('<');
  });
});
