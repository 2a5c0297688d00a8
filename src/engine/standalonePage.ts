/**
 * A page that stands alone as HTML: its script and style, data beside them, and nothing that is loaded from elsewhere.
 * Role: the text around them, safe whatever is in the data. Which data there is: sweep/html.ts, report/html.ts.
 */
import { createHash } from 'node:crypto';

/** A page as it is bundled. */
export interface WebPage {
  script: string;
  style: string;
  /** Language → message → translation. */
  translations: Record<string, Record<string, string>>;
}

export interface StandalonePage {
  /** Any text. */
  title: string;
  /** As `web-page:NAME` gives it. */
  page: WebPage;
  /** A language that the page is translated to; any other is English. */
  language: string;
  /** Elements that hold data, made by jsonElement or as safe. */
  data: readonly string[];
  /** More for the head. */
  head?: string;
}

/** The page. Its policy lets this very script and style run, and nothing else. */
export function standalonePage({ title, page, language, data, head }: StandalonePage): string {
  // Nothing in a text may end the element that holds it.
  const script = page.script.replaceAll('</script', '<\\/script');
  const style = page.style.replaceAll('</style', '<\\/style');
  const messages = page.translations[language];
  const t = (message: string): string => messages?.[message] ?? message;
  const policy = `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; img-src data: blob:`;
  return `<!DOCTYPE html>
<html lang="${messages === undefined ? 'en' : escapeHtml(language)}">
<head>
<meta charset="UTF-8">
${head === undefined ? '' : `${head}\n`}<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript>${escapeHtml(t('This page draws itself with JavaScript.'))}</noscript>
${(messages === undefined ? data : [jsonElement(messagesId, JSON.stringify(messages)), ...data]).join('\n')}
<script>${script}</script>
</body>
</html>
`;
}

/** Where webview/shared/language.ts finds the messages. */
const messagesId = 'messages';

/** The languages that a page can be written in, English first. */
export function languagesOf({ translations }: WebPage): [string, ...string[]] {
  return ['en', ...Object.keys(translations).sort()];
}

/** Opens an element that holds JSON. */
export function jsonStart(id: string): string {
  return `<script type="application/json" id="${id}">`;
}

/** Ends it. */
export const jsonEnd = '</script>';

/** An element that holds JSON. @param json the text of it */
export function jsonElement(id: string, json: string): string {
  return `${jsonStart(id)}${json.replaceAll('<', '\\u003c')}${jsonEnd}`;
}

/** A text in HTML, in an attribute as well. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
