/**
 * What finished runs say of next tokens, by id: the most probable ones, continuations, logits and hidden states.
 * Role: finds the run, refuses positions that it does not have, asks the GPU; ids become text by the model's tokenizer.
 */
import { mostProbable } from '../gqa/measures';
import { continueGreedily } from '../model/greedy';
import { readFinalHidden, readLogits } from '../model/logits';
import { unpad } from '../model/unpad';
import { layerStarts, outputStack } from '../model/specFacts';
import type { LayerView } from '../protocol/model';
import type { Continuation, Prediction } from '../protocol/runs';
import type { TaskContext } from '../protocol/tasks';
import type { EngineGpu } from './gpu';
import { checkIndex } from './indices';
import type { ModelRegistry } from './models';
import type { RunRegistry } from './runs';

/** Bytes of logits that are on the CPU at once where all of a run's are looked at. */
const logitBytes = 16 * 1024 * 1024;

/** All of it throws GqaLensError: unknown-id for runs that are gone, input-invalid for positions. */
export class RunPredictions {
  constructor(
    private readonly gpu: EngineGpu,
    private readonly models: ModelRegistry,
    private readonly runs: RunRegistry,
  ) {}

  /** The `count` most probable next tokens after a position, most probable first. */
  async after(runId: string, position: number, count: number, task: TaskContext): Promise<Prediction[]> {
    const { kept, summary } = this.runs.get(runId);
    checkIndex('position', position, kept.S);
    const { context, weights } = await this.gpu.ready();
    const logits = await readLogits(context, weights, kept, task, [position, position + 1]);
    return this.mostProbable(summary.modelId, logits, count);
  }

  /** The same after every position. */
  async afterEach(runId: string, count: number, task: TaskContext): Promise<Prediction[][]> {
    const { kept, summary } = this.runs.get(runId);
    const { V } = kept.source.spec;
    const { context, weights } = await this.gpu.ready();
    const rows = Math.max(1, Math.floor(logitBytes / (V * 4)));
    const predictions: Prediction[][] = [];
    for (let first = 0; first < kept.S; first += rows) {
      const end = Math.min(kept.S, first + rows);
      const logits = await readLogits(context, weights, kept, task, [first, end]);
      for (let row = 0; row < end - first; row++) {
        predictions.push(this.mostProbable(summary.modelId, logits.subarray(row * V, (row + 1) * V), count));
      }
      task.report('Predicting', end / kept.S);
    }
    return predictions;
  }

  /** Greedy. */
  async continuation(runId: string, count: number, task: TaskContext): Promise<Continuation> {
    const { kept, summary } = this.runs.get(runId);
    const { context, weights } = await this.gpu.ready();
    const ids = await continueGreedily(context, weights, kept, count, task);
    const { tokenizer } = this.models.get(summary.modelId);
    return { ids, text: tokenizer ? tokenizer.decode(ids) : ids.join(', ') };
  }

  /** [S, V] float32. */
  async logits(runId: string, task: TaskContext): Promise<Float32Array> {
    const { context, weights } = await this.gpu.ready();
    return readLogits(context, weights, this.runs.get(runId).kept, task);
  }

  /** [S, D] float32 hidden states of a stack as transformers numbers them: 0 the embeddings, the last after the norm. */
  async hidden(runId: string, index: number, task: TaskContext, asked?: LayerView['stack']): Promise<Float32Array> {
    const { kept } = this.runs.get(runId);
    const last = outputStack(kept.source.spec);
    const stack = asked ?? last;
    const { context, weights } = await this.gpu.ready();
    const { D, layers } = kept.source.spec;
    const starts = layerStarts(layers, stack);
    checkIndex('hidden state', index, starts.length + 1);
    const layer = starts[index];
    if (layer === undefined && stack === last) return readFinalHidden(context, weights, kept, task);
    const rows = layer === undefined ? kept.encoded?.memory : kept.inputs[layer];
    if (!rows) throw new Error(`the run has no ${stack}`);
    return unpad(await context.readFloat32(rows), kept.rowsOf(layer ?? starts[0] ?? 0), D);
  }

  /** @param logits [V] */
  private mostProbable(modelId: string, logits: Float32Array, count: number): Prediction[] {
    const model = this.models.get(modelId);
    return mostProbable(logits, count).map(({ id, probability }) => ({ token: model.token(id), probability }));
  }
}
