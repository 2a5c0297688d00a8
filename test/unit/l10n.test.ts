// Every string that a user reads is translatable, the bundles are those of the sources, and translations lack nothing.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unsaidErrors } from '../../scripts/lib/errorSentences.mjs';
import { bundleOfSources, failingFiles, sourceFiles, untranslated } from '../../scripts/lib/messages.mjs';
import { root } from '../../scripts/lib/places.mjs';
import { describeRegistries } from '../../src/engine/registries';

type Messages = Record<string, string>;

const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, ...path), 'utf8'));
const placeholders = (message: string): string[] => [...new Set(message.match(/\{\d+\}/g))].sort();
const commands = (message: string): string[] => message.match(/\(command:[^)]*\)/g) ?? [];
const translations = readdirSync(join(root, 'l10n')).flatMap(
  (name) => /^bundle\.l10n\.(\w+)\.json$/.exec(name)?.[1] ?? [],
);

/**
 * Sources whose words stay English: texts to diff; why an engine ended, which is translated where it is shown; what language models and issue reports read, with the reasons of runtimes that failed; and
 * what goes into files of numbers, which scripts read.
 */
const english =
  /host\/(assignmentText|engineChild|diagnosticsDocument|languageModelTool|runtime)\.ts$|Numbers\.ts$|shared\/(origin|weightRows)\.ts$/;

describe('messages of host and pages', () => {
  it('are in the bundle that translations start from: npm run l10n', () => {
    expect(read('l10n', 'bundle.l10n.json')).toEqual(bundleOfSources());
  });

  it('say all that the registries say about what users choose from', () => {
    const bundle = bundleOfSources();
    const { groupings, merges, similarities } = describeRegistries();
    const said = [...groupings, ...merges, ...similarities].flatMap(({ title, description }) => [title, description]);
    const floors = similarities.map(({ floorNote }) => floorNote);
    expect([...said, ...floors].filter((words) => !(words in bundle))).toEqual([]);
  });

  it('say of every error what happened', () => {
    const unsaid = unsaidErrors(failingFiles()).map((one) => one.replace(/\s+/g, ' '));
    // One that comes from another process has its message already.
    expect(unsaid).toEqual(["src/protocol/errors.ts: new GqaLensError(value.code, '', value.detail)"]);
  });

  it('are all translatable', () => {
    const found = sourceFiles()
      .filter(({ path }) => !english.test(path))
      .flatMap(({ path, source }) => untranslated(source).map(({ line, text }) => `${path}:${line}: ${text}`));
    expect(found).toEqual([]);
  });

  it.each(translations)('are in %s with the same placeholders', (language) => {
    const bundle = read('l10n', 'bundle.l10n.json') as Messages;
    const translated = read('l10n', `bundle.l10n.${language}.json`) as Messages;
    expect(Object.keys(translated).sort()).toEqual(Object.keys(bundle).sort());
    for (const [message, translation] of Object.entries(translated)) {
      expect(translation.trim(), message).not.toBe('');
      expect(placeholders(translation), message).toEqual(placeholders(message));
    }
  });
});

describe('words of package.json', () => {
  const manifest = read('package.json') as { description: string; contributes: unknown };
  const names = read('package.nls.json') as Messages;
  const shown =
    /^(title|description|markdownDescription|displayName|userDescription|altText|contents|name|shortTitle|contextualTitle|category)$/;

  /** Texts under a key that the editor shows; descriptions of JSON schemas for language models stay English. */
  const texts = (value: unknown, key = ''): string[] => {
    if (key === 'inputSchema') return [];
    if (typeof value === 'string') return shown.test(key) ? [value] : [];
    if (Array.isArray(value))
      return value.flatMap((one) => texts(one, key.endsWith('Descriptions') ? 'description' : ''));
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([inner, one]) => texts(one, inner));
  };

  it('are keys of package.nls.json', () => {
    const literal = texts(manifest.contributes).filter((text) => !/^%[\w.]+%$/.test(text));
    expect(literal.filter((text) => !/^(GQA Lens|inspect_attention_groups)$/.test(text))).toEqual([]);
    expect(manifest.description).toMatch(/^%[\w.]+%$/);
  });

  it('are all there, and nothing else is', () => {
    const used = [...readFileSync(join(root, 'package.json'), 'utf8').matchAll(/"%([\w.]+)%"/g)].map(
      ([, name]) => name,
    );
    expect(Object.keys(names).sort()).toEqual([...new Set(used)].sort());
  });

  it.each(translations)('are in %s with the same commands', (language) => {
    const translated = read(`package.nls.${language}.json`) as Messages;
    expect(Object.keys(translated)).toEqual(Object.keys(names));
    for (const [name, text] of Object.entries(names))
      expect(commands(translated[name] ?? ''), name).toEqual(commands(text));
  });
});
