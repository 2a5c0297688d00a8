/**
 * A report as one HTML file: the pages' script and style, and the recorded parts. Nothing is loaded from elsewhere.
 * Role: puts the parts together. The pages are webview/report.
 */
import page from 'web-page:report';
import { reportIds, type ReportMade } from '../../protocol/report';
import { escapeHtml, jsonElement, standalonePage } from '../standalonePage';
import type { ReportPart } from './parts';

/** What a report begins with: by this it is known again before it is replaced. */
const generator = '<meta name="generator" content="GQA Lens report">';

/** How far into a file that is looked for. */
export const generatorReach = 4096;

/** Whether a text is the beginning of a report. */
export function isReport(beginning: string): boolean {
  return beginning.includes(generator);
}

/** The file. @param title of the page, any text */
export function reportHtml(title: string, made: ReportMade, parts: readonly ReportPart[]): string {
  const data = [
    jsonElement(reportIds.made, JSON.stringify(made)),
    ...parts.map(
      ({ name, text }) => `<script type="application/octet-stream" data-part="${escapeHtml(name)}">${text}</script>`,
    ),
  ];
  return standalonePage({ title, page, head: generator, data });
}

/** Bytes of the file without its parts. */
export function emptyReportBytes(title: string, made: ReportMade): number {
  return Buffer.byteLength(reportHtml(title, made, []));
}
