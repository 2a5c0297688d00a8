// The file of a report: nothing in names or texts may become markup, and it is known again before it is replaced.
import { describe, expect, it } from 'vitest';
import { generatorReach, isReport, reportHtml, reportLanguages } from '../../../src/engine/report/html';

const made = { version: '1.2.3', date: '2026-01-01T00:00:00.000Z', milliseconds: { original: 1, converted: 0 } };
const hostile = "</title></script><script>alert(1)</script>\" onload='x' &amp;";

describe('the file of a report', () => {
  const html = reportHtml({ title: hostile, language: 'en', made: { ...made, version: hostile } }, [
    { name: `maps ${hostile} 0`, text: 'QUJD' },
  ]);

  it('shows hostile names as text', () => {
    // Not the whole file: a failure would print it.
    expect(html.includes('<script>alert')).toBe(false);
    const part = /<script type="application\/octet-stream" data-part="([^"]*)">QUJD<\/script>/.exec(html)?.[1];
    expect(part).toMatch(/^maps &#60;.*&#34; onload/);
    const title = /<title>(.*?)<\/title>/s.exec(html)?.[1] ?? '';
    expect(title).not.toMatch(/[<>"']/);
    const json = /id="gqa-lens-report">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect((JSON.parse(json) as typeof made).version).toBe(hostile);
  });

  it('lets nothing run or load but its own script and style', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; img-src data: blob:$/,
    );
    expect(/\b(?:src|href)="/.test(html)).toBe(false);
  });

  it('is in any language that there is, with the messages of its own pages alone, else in English', () => {
    expect(reportLanguages).toContain('de');
    for (const language of [...reportLanguages, hostile]) {
      const page = reportHtml({ title: 'a', language, made }, []);
      const isTranslated = language !== 'en' && language !== hostile;
      expect(/<html lang="(.*?)">/.exec(page)?.[1]).toBe(isTranslated ? language : 'en');
      const json = /id="messages">(.*?)<\/script>/s.exec(page)?.[1];
      expect(json !== undefined).toBe(isTranslated);
      const messages = JSON.parse(json ?? '{}') as Record<string, string>;
      if (language === 'de') expect(messages).toMatchObject({ Comparison: 'Vergleich', Strided: 'Im Wechsel' });
      // A message of the extension's host.
      expect(messages).not.toHaveProperty('Save Report');
    }
  });

  it('is a report by its beginning, which no other file has', () => {
    expect(isReport(html.slice(0, generatorReach))).toBe(true);
    expect(isReport('<!DOCTYPE html><html><head><title>mine</title>')).toBe(false);
  });
});
