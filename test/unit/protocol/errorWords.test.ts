/** Errors said anew in German: every sentence that they are made of, names as they were, and whatever a file puts into one. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GqaLensError, toErrorValue, type ErrorDetail, type ErrorValue } from '../../../src/protocol/errors';
import { ErrorWords } from '../../../src/protocol/errorWords';

const bundle = JSON.parse(
  readFileSync(new URL('../../../l10n/bundle.l10n.de.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const german = new ErrorWords(bundle);
const ending = '/error';
const sentences = Object.entries(bundle).filter(([key]) => key.endsWith(ending));

const valueOf = (summary: string, detail: ErrorDetail = {}): ErrorValue =>
  toErrorValue(new GqaLensError('input-invalid', summary, detail));
const say = (summary: string, detail: ErrorDetail = {}): string => german.translate(valueOf(summary, detail)).message;
/** What a part of an error reads in German. */
const part = (found: string): string | undefined => german.translate(valueOf('x', { found })).detail.found;

describe('ErrorWords', () => {
  it('say the whole error, with the names of its facts', () => {
    const error = valueOf('The grouping does not belong to this model', {
      file: '/models/a b/groups.json',
      expected: '4 layers of 2 KV heads in groups 0 to 1, none of them empty',
      found: '3 layers',
      next: 'Use a shorter text.',
    });
    expect(german.translate(error)).toEqual({
      code: 'input-invalid',
      message:
        'Die Gruppierung gehört nicht zu diesem Modell (Datei /models/a b/groups.json; erwartet: 4 Schichten von 2 KV-Köpfen in Gruppen 0 bis 1, keine davon leer; gefunden: 3 Schichten). Nehmen Sie einen kürzeren Text.',
      summary: 'Die Gruppierung gehört nicht zu diesem Modell',
      detail: {
        file: '/models/a b/groups.json',
        expected: '4 Schichten von 2 KV-Köpfen in Gruppen 0 bis 1, keine davon leer',
        found: '3 Schichten',
        next: 'Nehmen Sie einen kürzeren Text.',
      },
    });
    expect(error.message).toContain('(file /models/a b/groups.json; expected 4 layers of');
  });

  it('know every sentence of the bundle again, with what is put in as it was', () => {
    // Values as the engine has them: numbers for most, and names with signs of patterns.
    for (const values of [
      ['17', '29', '31', '37'],
      ['q.[w]$1', 'k.{0}(*)', 'v', 'o'],
    ]) {
      const put = (text: string): string => text.replace(/\{(\d)\}/g, (_, place) => values[Number(place)] ?? '');
      for (const [key, translation] of sentences) {
        expect(part(put(key.slice(0, -ending.length))), key).toBe(put(translation));
      }
    }
  });

  it('say a summary of several clauses', () => {
    expect(
      say('Models of type "x" cannot be run yet; it has experts (a.b); not told by config or tensors: query heads'),
    ).toBe(
      'Modelle vom Typ "x" können noch nicht ausgeführt werden; es hat Experten (a.b); weder config noch Tensoren sagen: query heads.',
    );
  });

  it.each([
    '/home/me/12 tokens',
    '/data/3 layers of 2 in 4 bytes',
    'C:\\models\\5 layers',
    './a twice',
    'model.layers.0.self_attn.k_proj.weight',
    '',
    "ENOENT: no such file or directory, open '/a/b'",
  ])('leave "%s" as it is', (name) => {
    expect(part(name)).toBe(name);
    expect(german.translate(valueOf('The file is truncated', { file: name, tensor: name })).detail).toEqual({
      file: name,
      tensor: name,
    });
  });

  it('keep a path that a sentence names', () => {
    const path = '/models/12 tokens in a; found (x)/größe $1 {0}.json';
    expect(say(`There is no merge called "${path}"`)).toBe(`Es gibt keine Zusammenführung namens "${path}".`);
    expect(say('The file is truncated', { file: path })).toBe(`Die Datei ist abgeschnitten (Datei ${path}).`);
  });

  it('say the message of an error of which only that is left', () => {
    const { message } = valueOf('The file is truncated', {
      file: '/a (b); c/m.gguf',
      expected: '24 bytes or more',
      found: '3 bytes',
      next: 'Open it again.',
    });
    expect(german.translateMessage(message)).toBe(
      'Die Datei ist abgeschnitten (Datei /a (b); c/m.gguf; erwartet: 24 Bytes oder mehr; gefunden: 3 Bytes). Öffnen Sie ihn erneut.',
    );
    expect(german.translateMessage('Something (of another) kind')).toBe('Something (of another) kind');
    expect(german.translateMessage('')).toBe('');
  });

  it('leave what is not known in English, and everything without translations', () => {
    const foreign: ErrorValue = { code: 'internal', message: 'x is not a function', detail: {} };
    expect(german.translate(foreign).message).toBe(foreign.message);
    const error = valueOf('The file is truncated', { file: 'a', expected: '8 bytes or more', found: '3 bytes' });
    expect(new ErrorWords(undefined).translate(error).message).toBe(error.message);
    expect(new ErrorWords({}).translateMessage(error.message)).toBe(error.message);
  });

  // Near the length above which nothing is a sentence, and far above it. A recognition that goes back and tries again would not end.
  it.each([9_000, 100_000])('leave %i characters of whatever a file says as they are', (length) => {
    for (const piece of ['; ', 'x', 'byte of ', ' (found ', '12 tokens', '{0}', 'a; found b; limit ', ').']) {
      const text = `"${piece.repeat(length / piece.length)}"`;
      const { detail, message } = german.translate(valueOf('The GPU refused a command', { found: text, next: text }));
      // Compared here, so that a failure does not print them.
      const kept = [detail.found === text, detail.next === text, german.translateMessage(text) === text];
      expect(kept, piece).toEqual([true, true, true]);
      expect(message.includes(text), piece).toBe(true);
      expect(say(`The GPU refused a command: ${text}`).includes(text), piece).toBe(true);
    }
  });
});
