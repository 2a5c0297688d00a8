/**
 * A sweep's result as a page that stands alone: the panel's figures, the result, and nothing that is loaded from elsewhere.
 * Role: puts the parts together. The figures are webview/sweep.
 */
import { createHash } from 'node:crypto';
import page from 'web-page:sweep';
import type { SweepResult } from '../../protocol/sweep';
import { fromJson, toJson } from './saved';

const open = '<script type="application/json" id="gqa-lens-sweep">';
const close = '</script>';

/** The result as one HTML file. */
export function toHtml(result: SweepResult): string {
  // Nothing in a text may end the element that holds it.
  const script = page.script.replaceAll('</script', '<\\/script');
  const style = page.style.replaceAll('</style', '<\\/style');
  const policy = `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; img-src data: blob:`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(result.model.name)}: KV heads and what they cost</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript>This page draws itself with JavaScript.</noscript>
${open}${toJson(result).replaceAll('<', '\\u003c')}${close}
<script>${script}</script>
</body>
</html>
`;
}

/** Reads the result of a page that toHtml wrote; null when it is any other text. */
export function fromHtml(text: string): SweepResult | null {
  const start = text.indexOf(open);
  const end = text.indexOf(close, start);
  return start < 0 || end < 0 ? null : fromJson(text.slice(start + open.length, end));
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
