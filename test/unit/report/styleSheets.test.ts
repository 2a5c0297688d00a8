// A report has the pages of several panels in one document: a style sheet of one must not style what another has made.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = ['explorer', 'diff', 'sweep'];
const folder = (page: string): string => join(import.meta.dirname, '../../../webview', page);
const read = (page: string, ending: string): string[] =>
  readdirSync(folder(page))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder(page), name), 'utf8'));

/** Selectors of a style sheet, those in media queries too. */
function selectors(css: string): string[] {
  const rules = css.replace(/\/\*.*?\*\//gs, '').replace(/@[^{;]+\{/g, '{');
  return [...rules.matchAll(/([^{}]+)\{/g)]
    .flatMap(([, list = '']) => list.split(/,(?![^(]*\))/))
    .map((selector) => selector.trim().replace(/\s+/g, ' '))
    .filter((selector) => selector !== '');
}

/** Classes that a page gives to what it makes. */
function classesOf(page: string): Set<string> {
  const found = read(page, '.ts').flatMap((code) => [
    ...code.matchAll(/(?:class: |classed\(|'class', |classList\.\w+\(|panel\(\s*)(['`])([^'`]*)\1/g),
  ]);
  return new Set(found.flatMap(([, , names = '']) => names.replace(/\S*\$\{[^}]*\}\S*/g, '').split(/[^\w-]+/)));
}

describe('style sheets of pages that share a report', () => {
  it.each(pages)('%s styles nothing of the others', (page) => {
    const others = pages.filter((other) => other !== page).map((other) => ({ other, classes: classesOf(other) }));
    const wrong = read(page, '.css')
      .flatMap(selectors)
      .flatMap((selector) => {
        const [first = ''] = selector.split(' ');
        const own = [...first.matchAll(/\.([\w-]+)/g)].map(([, name = '']) => name);
        if (own.length === 0 || own.includes(page)) return [];
        return others
          .filter(({ classes }) => own.every((name) => classes.has(name)))
          .map(({ other }) => `${selector}: ${other}`);
      });
    expect(wrong, `begin these selectors with .${page}`).toEqual([]);
  });
});
