/**
 * Snapshots as a report holds them: ids that mean something in the file, and no path of the machine that it was made on.
 * Role: values in, values out. It asks nobody.
 */
import { basename } from 'node:path';
import type { CalibrationText, ConversionRequest } from '../../protocol/conversion';
import type { DiffSnapshot } from '../../protocol/diffView';
import type { ExplorerSnapshot } from '../../protocol/explorerView';
import type { ModelMeasures, TextMeasures } from '../../protocol/measures';
import type { ModelSummary } from '../../protocol/model';
import { reportModelId, type ReportComparison, type ReportSide } from '../../protocol/report';
import type { RunSummary } from '../../protocol/runs';
import type { DiffSide, SideId, SideView } from '../../protocol/sides';
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
    compare: compare && {
      ...compare,
      a: runPage(compare.a, 'original'),
      b: runPage(compare.b, 'converted'),
    },
    busy: null,
    problem: null,
  };
}

/**
 * The comparison of two sides as the page shows it.
 * @param explorer a page already
 * @param modelId the checkpoint's in the engine: what is of any other gets an id of its own
 * @param nameOf the id that a run has in the report
 */
export function diffPage(
  explorer: ExplorerSnapshot,
  { sides, ui, compare }: ReportComparison,
  measures: TextMeasures,
  modelId: string,
  nameOf: (run: RunSummary) => ReportSide,
): DiffSnapshot {
  const { state, model, registries } = explorer;
  const idOf = (id: string): string =>
    id === modelId ? reportModelId : `other-${sides.a.model?.modelId === id ? 'a' : 'b'}`;
  const sidePage = (view: SideView): SideView => ({
    ...view,
    side: withoutPaths(view.side),
    model: view.model && modelPage(view.model, idOf(view.model.modelId)),
    conversion: view.conversion && withoutPath(view.conversion),
  });
  const run = (id: SideId): RunSummary => runPage(compare[id], nameOf(compare[id]), idOf(compare[id].modelId));
  const views = { a: sidePage(sides.a), b: sidePage(sides.b) };
  return {
    state: { ...state, sides: { a: views.a.side, b: views.b.side }, ui },
    model,
    sides: views,
    registries,
    gpu: null,
    compare: { ...compare, a: run('a'), b: run('b') },
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

function withoutPaths(side: DiffSide): DiffSide {
  if (side.kind === 'checkpoint') return { ...side, path: basename(side.path) };
  return side.kind === 'conversion' ? { ...side, conversion: withoutPath(side.conversion) } : side;
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

function modelPage(model: ModelSummary, modelId = reportModelId): ModelSummary {
  return { ...model, modelId, path: basename(model.path) };
}

function runPage(run: RunSummary, runId: ReportSide, modelId = reportModelId): RunSummary {
  return {
    ...run,
    runId,
    modelId,
    conversion: run.conversion && withoutPath(run.conversion),
    // Told beside the content, which is the same whenever the same runs are recorded.
    milliseconds: 0,
  };
}
