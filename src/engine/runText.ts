/**
 * A forward pass of a text: from a request to a run that is kept, with its loss and its sizes.
 * Role: puts tokens, conversion and GPU together. What is asked of the run afterwards is runMaps.ts, runPredictions.ts and
 * runPairs.ts.
 */
import { groupingView } from '../gqa/grouping';
import { keepRun, type KeptRun } from '../model/keptRun';
import { reduceRows } from '../model/rowNumbers';
import { targetRows, targetsOf } from '../model/tokens';
import type { RunRequest, RunSummary } from '../protocol/runs';
import type { TaskContext } from '../protocol/tasks';
import type { RunInput, Tokens } from '../protocol/tokens';
import type { Answers } from './answers';
import type { Conversions } from './conversions';
import type { EngineGpu, ReadyGpu } from './gpu';
import { readInput, type ReadInput } from './inputs';
import type { OpenedModel } from './models';
import type { RunRegistry } from './runs';
import { modelSizes } from './sizes';

/** What a run needs of the engine. */
export interface RunTools {
  gpu: EngineGpu;
  conversions: Conversions;
  answers: Answers;
  runs: RunRegistry;
}

/** The tokens that an input means for a model. Throws as `readInput` does. */
export async function tokensFor(
  model: OpenedModel,
  input: RunInput,
  maxTokens: number,
  answers: Answers,
  task: TaskContext,
): Promise<Tokens> {
  return answered(model, readInput(model, input, maxTokens), answers, task);
}

/** Runs all tokens; keeps what maps, logits and continuations need. Throws as `readInput` and conversions do. */
export async function runText(
  model: OpenedModel,
  request: RunRequest,
  { gpu, conversions, answers, runs }: RunTools,
  task: TaskContext,
): Promise<RunSummary> {
  const { source, grouping, calibration, notes } = await conversions.prepare(model, request.conversion, task);
  const given = readInput(model, request.input, request.maxTokens);
  task.report('Preparing the GPU', null);
  const ready = await gpu.ready();
  task.signal.throwIfAborted();
  const tokens = await answered(model, given, answers, task);
  const start = performance.now();
  const kept = await keepRun(ready.context, ready.weights, source, tokens, task);
  try {
    const losses = await tokenLosses(ready, kept, tokens, task);
    const milliseconds = performance.now() - start;
    const loss = losses.length > 0 ? losses.reduce((sum, value) => sum + value, 0) / losses.length : null;
    const summary: RunSummary = {
      runId: runs.newId(),
      modelId: request.modelId,
      modelName: model.summary.name,
      conversion: request.conversion,
      grouping: groupingView(model.runnable.spec, grouping),
      calibration,
      notes,
      tokens: kept.ids.map((id) => model.token(id)),
      encoderTokens: kept.encoded?.ids.map((id) => model.token(id)) ?? null,
      droppedTokens: given.dropped,
      loss,
      perplexity: loss === null ? null : Math.exp(loss),
      lossPerToken: losses,
      ...modelSizes(model, source),
      adapter: ready.name,
      computeType: 'f32',
      milliseconds,
    };
    runs.add({ summary, kept });
    return summary;
  } catch (error) {
    kept.destroy();
    throw error;
  }
}

async function answered(model: OpenedModel, given: ReadInput, answers: Answers, task: TaskContext): Promise<Tokens> {
  return 'unanswered' in given ? answers.complete(model, given.unanswered, task) : given.tokens;
}

/** Cross-entropy in nats of each token that is predicted. */
async function tokenLosses(
  { context, weights }: ReadyGpu,
  kept: KeptRun,
  tokens: Tokens,
  task: TaskContext,
): Promise<Float32Array> {
  const targets = targetsOf(kept.source.spec, tokens);
  const numbers = await reduceRows(context, weights, kept, targetRows(targets, kept.ids.length), task);
  return Float32Array.from(targets, ({ position: s }) => (numbers.logSumExp[s] ?? 0) - (numbers.targetLogit[s] ?? 0));
}
