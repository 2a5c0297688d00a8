/**
 * Exports of conversions: from a request to a folder, with its measures and its story.
 * Role: puts together what the checkpoint writer needs. Files are written in src/checkpoint/export.
 */
import { resolve } from 'node:path';
import { version } from '../../package.json';
import type { FloatDtype } from '../checkpoint/dtypes';
import { equivalentFormat, needsEquivalent } from '../checkpoint/export/equivalents';
import { checkExportFolder, exportCheckpoint } from '../checkpoint/export/exportCheckpoint';
import { explainFormat } from '../checkpoint/export/provenance';
import { identify } from '../checkpoint/identity';
import { groupings } from '../gqa/grouping';
import { merges } from '../gqa/merge';
import { findMethod } from '../gqa/registry';
import { GqaLensError } from '../protocol/errors';
import type { ExportDtype, ExportFormatChoice, ExportRequest, ExportSummary } from '../protocol/exports';
import type { MeasureRequest, TextMeasures } from '../protocol/measures';
import type { TaskContext } from '../protocol/tasks';
import type { Conversions } from './conversions';
import type { OpenedModel } from './models';

const stored: Record<ExportDtype, FloatDtype> = { f32: 'F32', f16: 'F16', bf16: 'BF16' };

/** What an export needs of the engine. */
export interface ExportTools {
  conversions: Pick<Conversions, 'prepare'>;
  /** Folders of opened checkpoints, which are not replaced under those who look at them. */
  openFolders: readonly string[];
  measure: (request: MeasureRequest, task: TaskContext) => Promise<TextMeasures>;
}

/**
 * Converts, measures if asked to, and writes.
 * @throws GqaLensError output-exists before anything is computed; conversion-invalid when the format or the dtype cannot
 *   hold the conversion
 */
export async function exportConversion(
  model: OpenedModel,
  request: ExportRequest,
  { conversions, openFolders, measure }: ExportTools,
  task: TaskContext,
): Promise<ExportSummary> {
  const { checkpoint, runnable } = model;
  const { modelId, conversion, folder: outFolder, overwrite, format } = request;
  await checkExportFolder({ checkpoint, outFolder, overwrite });
  if (openFolders.includes(resolve(outFolder))) throw stillOpen(outFolder);
  const { source, grouping, calibration, notes } = await conversions.prepare(model, conversion, task);
  const measures =
    request.measure &&
    (await measure(
      {
        a: { modelId, conversion: null },
        b: { modelId, conversion },
        windows: request.measure.windows,
        detail: false,
        timedTokens: 0,
      },
      task,
    ));
  const written = await exportCheckpoint({
    checkpoint,
    source,
    original: runnable.source,
    outFolder,
    overwrite,
    dtype: request.dtype && stored[request.dtype],
    format,
    provenance: {
      source: await identify(checkpoint, task.signal),
      grouping: findMethod(groupings, conversion.grouping, 'grouping'),
      merge: findMethod(merges, conversion.merge, 'merge'),
      calibration,
      notes,
      groupOfKvHead: grouping.groupOfKvHead,
      measured: measures && { text: request.measure?.name ?? '', measures },
      version,
      date: new Date(),
    },
    signal: task.signal,
    report: (message, fraction) => task.report(message, fraction),
  });
  return {
    folder: written.folder,
    files: written.files,
    bytes: written.bytes,
    format: written.format.id,
    repeatsHeads: written.format.repeatsHeads,
    notes: [...notes, ...explainFormat(written.format, source.spec)],
    calibration,
    measures,
  };
}

function stillOpen(file: string): GqaLensError {
  return new GqaLensError('output-exists', 'The checkpoint that is there is open', {
    file,
    next: 'Close it first, or choose another folder.',
  });
}

/** The formats that a model with G KV heads can be written in, the checkpoint's own first. */
export function exportFormats({ runnable: { spec }, summary }: OpenedModel, G: number): ExportFormatChoice[] {
  const converted = { ...spec, G };
  const { familyTitle: title } = summary;
  if (!needsEquivalent(spec, converted)) {
    return [{ format: 'same', title, description: 'The format of the checkpoint, with fewer KV heads.' }];
  }
  const own: ExportFormatChoice = {
    format: 'same',
    title,
    description: `The format of the checkpoint. It cannot say ${G}: pooled heads are repeated, files and cache stay as large.`,
  };
  const other = equivalentFormat(converted);
  return other ? [own, { format: 'equivalent', title: other.title, description: other.description }] : [own];
}
