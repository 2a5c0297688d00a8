/**
 * Makes a report: checks where it goes, asks for everything that its pages may ask for, writes the file.
 * Role: the order of the work. What is recorded is answers.ts and parts.ts, the file html.ts.
 */
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { version } from '../../../package.json';
import { GqaLensError } from '../../protocol/errors';
import type { MeasuredModel, TextMeasures } from '../../protocol/measures';
import {
  reportIds,
  type ReportContent,
  type ReportMade,
  type ReportRequest,
  type ReportSummary,
} from '../../protocol/report';
import type { RunSummary } from '../../protocol/runs';
import { tokensOf } from '../../protocol/runTokens';
import { partOf, type TaskContext } from '../../protocol/tasks';
import { writeTextAtomically } from '../atomicFile';
import type { EngineCore } from '../core';
import { findSweep } from '../sweep/find';
import { recordAnswers, recordedSimilarities, unrecordedSimilarities } from './answers';
import { emptyReportBytes, generatorReach, isReport, reportHtml } from './html';
import { describeLeftOut } from './leftOut';
import { diffPage, explorerPage, sweepPage } from './page';
import { makePart, partBytes, recordParts } from './parts';
import { runNames } from './runs';

/** Largest file: what mail and chats still take. */
export const reportLimit = 20 * 1000 * 1000;

/**
 * Writes a report.
 * @param limit bytes that the file may have
 * @throws GqaLensError output-exists, input-invalid; unknown-id when a run is gone; AbortError when cancelled
 */
export async function writeReport(
  core: EngineCore,
  request: ReportRequest,
  task: TaskContext,
  limit = reportLimit,
): Promise<ReportSummary> {
  const file = resolve(request.file);
  await checkPlace(file, request.overwrite);
  const { explorer } = request;
  if (explorer.original === null) {
    throw new GqaLensError('input-invalid', 'A report is of a run, and nothing has run', { next: 'Run a text first.' });
  }
  const measures = await measured(core, request, partOf(task, [0, 0.15]));
  const sweep = await findSweep(request.sweeps, core.model(request.modelId));
  const answers = await recordAnswers(core, request, partOf(task, [0.15, 0.6]));
  const similarities = recordedSimilarities(request);
  const page = explorerPage({ ...explorer, registries: { ...explorer.registries, similarities } });
  const { comparison } = request;
  const diff =
    comparison && measures && diffPage(page, comparison, measures, explorer.model.modelId, runNames(request));
  const content: ReportContent = {
    explorer: page,
    diff,
    sweep: sweep && sweepPage(sweep),
    answers,
    leftOut: unrecordedSimilarities(request),
  };
  const title = `${explorer.model.name}: how its heads group`;
  const made: ReportMade = {
    version,
    date: new Date().toISOString(),
    milliseconds: { original: explorer.original.milliseconds, converted: explorer.converted?.milliseconds ?? 0 },
  };
  const frame = { title, language: request.language, made };
  const fixed = emptyReportBytes(frame) + partBytes(await makePart(reportIds.content, content));
  const { parts, leftOut: withoutRoom } = await recordParts(
    core,
    request,
    limit - fixed - slack,
    partOf(task, [0.6, 1]),
  );
  content.leftOut.push(...withoutRoom);
  const html = reportHtml(frame, [await makePart(reportIds.content, content), ...parts]);
  task.signal.throwIfAborted();
  await writeTextAtomically(file, html);
  return {
    file,
    bytes: Buffer.byteLength(html),
    pages: [
      'explorer',
      ...(diff === null ? [] : ['comparison' as const]),
      ...(sweep === null ? [] : ['sweep' as const]),
    ],
    leftOut: content.leftOut.map((one) => describeLeftOut(one, explorer.model.layers, comparison?.sides ?? null)),
  };
}

/** Room for the sentences about what is left out, which are written last. */
const slack = 4096;

/** Nothing but a report is replaced. @throws GqaLensError output-exists */
async function checkPlace(file: string, overwrite: boolean): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null) return;
  if (!overwrite) {
    throw new GqaLensError('output-exists', 'The file is there already and is not overwritten', {
      file,
      next: 'Choose another name, or replace it by --overwrite.',
    });
  }
  if (found.isFile() && (found.size === 0 || isReport(await beginningOf(file)))) return;
  throw new GqaLensError('output-exists', 'Only reports are overwritten', {
    file,
    found: found.isFile() ? 'a file that is no report of GQA Lens' : 'no file',
    next: 'Choose another name.',
  });
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(generatorReach), 0, generatorReach, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The measures of the comparison's sides; null without one. Times are not taken: a report is of what is computed. */
async function measured(
  core: EngineCore,
  { comparison }: ReportRequest,
  task: TaskContext,
): Promise<TextMeasures | null> {
  if (comparison === null) return null;
  if (comparison.measures !== null) return comparison.measures;
  const { a, b } = comparison.compare;
  const measured = ({ modelId, conversion }: RunSummary): MeasuredModel => ({ modelId, conversion });
  const windows = [tokensOf(a)];
  return core.measure({ a: measured(a), b: measured(b), windows, detail: true, timedTokens: 0 }, task);
}
