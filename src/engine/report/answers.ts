/**
 * What the pages of a report may ask for besides maps: similarities, damage, divergence, predictions, continuations.
 * Role: asks the engine beforehand, and keeps answers by the question that a page will put. Maps are parts.ts.
 */
import { GqaLensError, toErrorValue } from '../../protocol/errors';
import type { SimilarityInfo } from '../../protocol/methods';
import { answerKey, reportModelId, type LeftOut, type RecordedAnswer, type ReportRequest } from '../../protocol/report';
import type { SimilarityBasis } from '../../protocol/similarity';
import type { TaskContext } from '../../protocol/tasks';
import type { EngineCore } from '../core';
import { withoutPath } from './page';
import { comparedParts, runNames } from './runs';

/** Heads of all layers up to which every measure of similarity is recorded; of larger models the chosen one. */
const mostHeads = 512;
/** Predictions at a position, and tokens of a continuation, that the comparison asks for. */
const predictionCount = 5;
const continuationLength = 24;

/** A question to the engine. */
interface Question {
  /** Where the answer is kept. */
  key: string;
  message: string;
  ask: () => Promise<unknown>;
}

export type Answers = Record<string, RecordedAnswer>;

/**
 * Asks every question. What cannot be answered is recorded with its reason, as the panel would show it.
 * @throws AbortError when cancelled, and what is no answer: a broken engine
 */
export async function recordAnswers(core: EngineCore, request: ReportRequest, task: TaskContext): Promise<Answers> {
  const questions = [...explorerQuestions(core, request, task), ...comparisonQuestions(core, request, task)];
  const answers: Answers = {};
  for (const [place, { key, message, ask }] of questions.entries()) {
    task.signal.throwIfAborted();
    task.report(message, place / questions.length);
    try {
      answers[key] = { value: await ask() };
    } catch (error) {
      task.signal.throwIfAborted();
      if (!(error instanceof GqaLensError) || error.code === 'unknown-id') throw error;
      answers[key] = { error: toErrorValue(error) };
    }
  }
  return answers;
}

/**
 * The measures that are recorded, each with what it is recorded on: all of weights, but one of activations, which take
 * longer, and one of each where the model has many heads.
 */
export function recordedSimilarities({ explorer }: Pick<ReportRequest, 'explorer'>): SimilarityInfo[] {
  const { model, registries, state } = explorer;
  const { similarities } = registries;
  const isOne = (measure: SimilarityInfo, basis: SimilarityBasis): boolean => {
    const able = similarities.filter(({ on }) => on.includes(basis));
    return measure === (able.find(({ id }) => id === state.ui.similarityMeasure) ?? able[0]);
  };
  const isRecorded = (measure: SimilarityInfo, basis: SimilarityBasis): boolean =>
    isOne(measure, basis) || (basis !== 'activations' && model.L * model.H <= mostHeads);
  return similarities
    .map((measure) => ({ ...measure, on: measure.on.filter((basis) => isRecorded(measure, basis)) }))
    .filter(({ on }) => on.length > 0);
}

/** What of similarities is not recorded. */
export function unrecordedSimilarities(request: Pick<ReportRequest, 'explorer'>): LeftOut[] {
  const recorded = recordedSimilarities(request);
  return (['weights', 'activations', 'attention'] as const).flatMap((basis) => {
    const missing = request.explorer.registries.similarities.filter(
      ({ id, on }) => on.includes(basis) && recorded.find((own) => own.id === id)?.on.includes(basis) !== true,
    );
    const measures = missing.map(({ title }) => title);
    return measures.length === 0 ? [] : [{ kind: 'similarities', on: basis, measures }];
  });
}

function* explorerQuestions(core: EngineCore, request: ReportRequest, task: TaskContext): Generator<Question> {
  const { explorer, modelId } = request;
  const { model, original, converted } = explorer;
  const { conversion } = explorer.state;
  if (original === null) return;
  const measures = recordedSimilarities(request);
  const page = { modelId: reportModelId, conversion: withoutPath(conversion) };
  const quiet = { signal: task.signal, report: () => undefined };
  for (const [layer, { title }] of model.layers.entries()) {
    for (const { on, target, measure } of comparisons(measures)) {
      const asked = { layer, on, target, measure };
      const [own, shown] = on === 'weights' ? [{}, {}] : [{ runId: original.runId }, { runId: 'original' }];
      yield {
        key: answerKey('similarity', { ...page, ...asked, ...shown }),
        message: `Comparing the heads of ${title}`,
        ask: () => core.similarity({ modelId, conversion, ...asked, ...own }, quiet),
      };
    }
    for (const [side, run] of [
      ['original', original],
      ['converted', converted],
    ] as const) {
      if (run === null) continue;
      yield {
        key: answerKey('headStatistics', { runId: side, layer }),
        message: `Statistics of ${title}`,
        ask: () => core.headStatistics({ runId: run.runId, layer }, quiet),
      };
    }
    if (converted === null) continue;
    yield {
      key: answerKey('headDamage', { ...page, runId: 'original', layer }),
      message: `Damage to the heads of ${title}`,
      ask: () => core.headDamage({ modelId, conversion, runId: original.runId, layer }, quiet),
    };
  }
}

/** Attention maps are compared once, K and V heads each. */
function* comparisons(
  measures: readonly SimilarityInfo[],
): Generator<{ on: SimilarityBasis; target: 'k' | 'v'; measure: string }> {
  for (const on of ['weights', 'activations', 'attention'] as const) {
    for (const { id: measure } of measures.filter((info) => info.on.includes(on))) {
      yield { on, target: 'k', measure };
      if (on !== 'attention') yield { on, target: 'v', measure };
    }
  }
}

function* comparisonQuestions(core: EngineCore, request: ReportRequest, task: TaskContext): Generator<Question> {
  const { comparison } = request;
  if (comparison === null) return;
  const quiet = { signal: task.signal, report: () => undefined };
  const { sides, compare } = comparison;
  const { a, b } = compare;
  const nameOf = runNames(request);
  const layers = comparedParts(sides).heads ? (sides.a.model?.layers ?? []) : [];
  for (const [layer, { title }] of layers.entries()) {
    yield {
      key: answerKey('headDivergence', nameOf(a), nameOf(b), layer),
      message: `Maps of ${title}, ${sides.a.name} and ${sides.b.name}`,
      ask: () => core.headDivergence(a.runId, b.runId, layer, quiet),
    };
  }
  yield {
    key: answerKey('continuations'),
    message: 'Continuing the text',
    ask: async () => ({
      a: await core.continuation(a.runId, continuationLength, quiet),
      b: await core.continuation(b.runId, continuationLength, quiet),
    }),
  };
  yield {
    key: answerKey('everyPrediction'),
    message: 'What both models expect next',
    ask: async () => ({
      a: await core.everyPrediction(a.runId, predictionCount, quiet),
      b: await core.everyPrediction(b.runId, predictionCount, quiet),
    }),
  };
}
