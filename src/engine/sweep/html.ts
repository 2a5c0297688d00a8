/**
 * A sweep's result as a page that stands alone: the panel's figures, the result, and nothing that is loaded from elsewhere.
 * Role: puts the result into the page and finds it there again. The figures are webview/sweep.
 */
import page from 'web-page:sweep';
import type { SweepResult } from '../../protocol/sweep';
import { jsonElement, jsonEnd, jsonStart, languagesOf, standalonePage } from '../standalonePage';
import { fromJson, toJson } from './saved';

const id = 'gqa-lens-sweep';

/** The languages that the page can be written in, English first. */
export const sweepLanguages = languagesOf(page);

/** The result as one HTML file. @param language of its words; what there is no translation to is English */
export function toHtml(result: SweepResult, language = 'en'): string {
  const title = `${result.model.name}: KV heads and what they cost`;
  return standalonePage({ title, page, language, data: [jsonElement(id, toJson(result))] });
}

/** Reads the result of a page that toHtml wrote; null when it is any other text. */
export function fromHtml(text: string): SweepResult | null {
  const open = jsonStart(id);
  const start = text.indexOf(open);
  const end = text.indexOf(jsonEnd, start);
  return start < 0 || end < 0 ? null : fromJson(text.slice(start + open.length, end));
}
