/**
 * What the decoder of an encoder-decoder reads when nothing is given for it: the checkpoint's own greedy answer.
 * Role: answering, and remembering the last answer of each model, so that conversions of it run on the same tokens.
 */
import { greedyTokens } from '../model/greedy';
import { keepRun } from '../model/keptRun';
import type { TaskContext } from '../protocol/tasks';
import type { TokenPair } from '../protocol/tokens';
import type { EngineGpu } from './gpu';
import type { OpenedModel } from './models';

/** Longest answer: enough to see what attention does in decoding, and a moment's work. */
const answerTokens = 32;

export class Answers {
  private readonly last = new WeakMap<OpenedModel, TokenPair>();

  constructor(private readonly gpu: EngineGpu) {}

  /** The encoder's tokens with the decoder's: its start token and the answer, to its end or to 32 tokens. */
  async complete(model: OpenedModel, encoder: readonly number[], task: TaskContext): Promise<TokenPair> {
    const known = this.last.get(model);
    if (known?.encoder.join() === encoder.join()) return known;
    task.report('Answering the text', null);
    const { context, weights } = await this.gpu.ready();
    const { source, spec } = model.runnable;
    const quiet = { signal: task.signal, report: () => undefined };
    const decoder = [spec.decoderStart ?? 0];
    const run = await keepRun(context, weights, source, { encoder, decoder: [...decoder] }, quiet);
    try {
      for await (const id of greedyTokens(context, weights, run, answerTokens, task.signal, true)) {
        decoder.push(id);
        task.report(`Answering the text, token ${decoder.length - 1}`, null);
      }
    } finally {
      run.destroy();
    }
    const answered = { encoder, decoder };
    this.last.set(model, answered);
    return answered;
  }
}
