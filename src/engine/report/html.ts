/**
 * A report as one HTML file: the pages' script and style, and the recorded parts. Nothing is loaded from elsewhere.
 * Role: puts the parts together. The pages are webview/report.
 */
import page from 'web-page:report';
import { reportIds, type ReportMade } from '../../protocol/report';
import { escapeHtml, jsonElement, languagesOf, standalonePage } from '../standalonePage';
import type { ReportPart } from './parts';

/** What a report begins with: by this it is known again before it is replaced. */
const generator = '<meta name="generator" content="GQA Lens report">';

/** How far into a file that is looked for. */
export const generatorReach = 4096;

/** Whether a text is the beginning of a report. */
export function isReport(beginning: string): boolean {
  return beginning.includes(generator);
}

/** The languages that a report can be written in, English first. */
export const reportLanguages = languagesOf(page);

/** What stands around the parts of a report. */
export interface ReportFrame {
  /** Of the page, any text. */
  title: string;
  /** One of `reportLanguages`; any other is English. */
  language: string;
  made: ReportMade;
}

/** The file. */
export function reportHtml({ title, language, made }: ReportFrame, parts: readonly ReportPart[]): string {
  const data = [
    jsonElement(reportIds.made, JSON.stringify(made)),
    ...parts.map(
      ({ name, text }) => `<script type="application/octet-stream" data-part="${escapeHtml(name)}">${text}</script>`,
    ),
  ];
  return standalonePage({ title, page, language, head: generator, data });
}

/** Bytes of the file without its parts. */
export function emptyReportBytes(frame: ReportFrame): number {
  return Buffer.byteLength(reportHtml(frame, []));
}
