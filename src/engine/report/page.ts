/**
 * Snapshots as a report holds them: ids that mean something in the file, and no path of the machine that it was made on.
 * Role: values in, values out. It asks nobody.
 */
import { basename } from 'node:path';
import type { CalibrationText, ConversionRequest } from '../../protocol/conversion';
import type { DiffSnapshot, DiffUi } from '../../protocol/diffView';
import type { ExplorerSnapshot } from '../../protocol/explorerView';
import type { CompareSummary, ModelMeasures, TextMeasures } from '../../protocol/measures';
import type { ModelSummary } from '../../protocol/model';
import { reportModelId, type ReportSide } from '../../protocol/report';
import type { RunSummary } from '../../protocol/runs';
import { sideViews, usualSides } from '../../protocol/sides';
import type { SweepResult } from '../../protocol/sweep';

/** The explorer as the page shows it: at rest, on the recorded runs. */
export function explorerPage(snapshot: ExplorerSnapshot): ExplorerSnapshot {
  const { state, original, converted, compare } = snapshot;
  return {
    ...snapshot,
    state: { ...state, modelPath: basename(state.modelPath), conversion: withoutPath(state.conversion) },
    model: modelPage(snapshot.model),
    // Whoever reads a report needs no adapter.
    gpu: null,
    original: original && runPage(original, 'original'),
    converted: converted && runPage(converted, 'converted'),
    compare: compare && comparePage(compare),
    busy: null,
    problem: null,
  };
}

/** The comparison of the explorer's two runs as the page shows it. @param explorer a page already */
export function diffPage(explorer: ExplorerSnapshot, ui: DiffUi, measures: TextMeasures): DiffSnapshot {
  const { state, model, registries, compare } = explorer;
  return {
    state: { ...state, sides: usualSides, ui },
    model,
    sides: sideViews(usualSides, { model, conversion: state.conversion, registries }),
    registries,
    gpu: null,
    compare,
    measures: { result: measuresPage(measures), busy: null, problem: null },
    busy: null,
    problem: null,
  };
}

/** A sweep as the page shows it. */
export function sweepPage(result: SweepResult): SweepResult {
  const { model, request } = result;
  const { text, calibration } = request;
  return {
    ...result,
    model: { ...model, path: basename(model.path) },
    request: {
      ...request,
      text: text.kind === 'file' && text.file !== null ? { ...text, file: basename(text.file) } : text,
      ...(calibration === undefined ? {} : { calibration: calibrationPage(calibration) }),
    },
  };
}

/** A conversion that names its text by the file's name alone. */
export function withoutPath(conversion: ConversionRequest): ConversionRequest {
  const { calibration } = conversion;
  return calibration === undefined ? conversion : { ...conversion, calibration: calibrationPage(calibration) };
}

function calibrationPage({ file, tokens }: CalibrationText): CalibrationText {
  return { file: file === null ? null : basename(file), tokens };
}

function measuresPage(measures: TextMeasures): TextMeasures {
  const side = (model: ModelMeasures): ModelMeasures => ({
    ...model,
    conversion: model.conversion && withoutPath(model.conversion),
  });
  return { ...measures, a: side(measures.a), b: side(measures.b) };
}

function modelPage(model: ModelSummary): ModelSummary {
  return { ...model, modelId: reportModelId, path: basename(model.path) };
}

function runPage(run: RunSummary, runId: ReportSide): RunSummary {
  return {
    ...run,
    runId,
    modelId: reportModelId,
    conversion: run.conversion && withoutPath(run.conversion),
    // Told beside the content, which is the same whenever the same runs are recorded.
    milliseconds: 0,
  };
}

function comparePage(compare: CompareSummary): CompareSummary {
  return { ...compare, a: runPage(compare.a, 'original'), b: runPage(compare.b, 'converted') };
}
