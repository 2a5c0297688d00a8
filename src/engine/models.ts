/**
 * Opened checkpoints.
 * Role: ids to checkpoints, specs, tokenizers and weight sources. No GPU; conversions are conversions.ts.
 */
import { resolve } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { openCheckpoint } from '../checkpoint/openCheckpoint';
import { checkpointTokenizer, type Tokenizer } from '../checkpoint/tokenizer';
import { resolveModel } from '../model/resolve';
import { summarise } from '../model/summary';
import type { ModelSpec } from '../model/spec';
import type { WeightSource } from '../model/weightSource';
import { CheckpointWeights } from '../model/weights';
import { GqaLensError } from '../protocol/errors';
import type { ModelSummary } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import type { Token } from '../protocol/tokens';

/** A checkpoint that can be run. */
export interface RunnableModel {
  spec: ModelSpec;
  source: WeightSource;
}

export class OpenedModel {
  constructor(
    readonly summary: ModelSummary,
    readonly checkpoint: Checkpoint,
    readonly tokenizer: Tokenizer | null,
    /** Why there is no tokenizer although a file for it lies there; token ids still run. */
    readonly tokenizerProblem: GqaLensError | null,
    private readonly model: RunnableModel | null,
  ) {}

  get isRunnable(): boolean {
    return this.model !== null;
  }

  /** The model as weights. @throws GqaLensError checkpoint-unsupported when it cannot be run */
  get runnable(): RunnableModel {
    if (this.model) return this.model;
    throw new GqaLensError('checkpoint-unsupported', this.summary.notRunnable ?? 'The model cannot be run', {
      file: this.summary.path,
    });
  }

  /** A token as people read it. */
  token(id: number): Token {
    return { id, text: this.tokenizer?.tokenText(id) ?? `#${id}` };
  }

  /** Bytes that the KV caches take with G heads, in the checkpoint's cache type: of a decoded token, and of the encoder's. */
  cacheBytes(G: number): Pick<ModelSummary, 'kvCacheBytesPerToken' | 'crossCacheBytesPerToken'> {
    const { kvCacheBytesPerToken, crossCacheBytesPerToken, G: own } = this.summary;
    return {
      kvCacheBytesPerToken: (kvCacheBytesPerToken / own) * G,
      crossCacheBytesPerToken: (crossCacheBytesPerToken / own) * G,
    };
  }
}

export class ModelRegistry {
  private readonly byId = new Map<string, OpenedModel>();
  private nextId = 1;

  /** Opens a checkpoint, or returns it when the path is open already. */
  async open(path: string, task: TaskContext): Promise<OpenedModel> {
    const absolute = resolve(path);
    const known = this.find(absolute);
    if (known) return known;
    task.report('Reading the checkpoint', null);
    const checkpoint = await openCheckpoint(absolute, task.signal);
    try {
      const { tokenizer, problem } = await tryTokenizer(checkpoint, task.signal);
      const resolved = tryResolve(checkpoint);
      task.signal.throwIfAborted();
      const raced = this.find(absolute);
      if (raced) {
        await checkpoint.close();
        return raced;
      }
      const modelId = `model-${this.nextId++}`;
      const summary = summarise(checkpoint, resolved.spec, {
        modelId,
        hasTokenizer: tokenizer !== null,
        notRunnable: resolved.problem,
      });
      const model = resolved.spec && { spec: resolved.spec, source: new CheckpointWeights(checkpoint, resolved.spec) };
      const opened = new OpenedModel(summary, checkpoint, tokenizer, problem, model);
      this.byId.set(modelId, opened);
      return opened;
    } catch (error) {
      await checkpoint.close();
      throw error;
    }
  }

  /** @throws GqaLensError unknown-id */
  get(modelId: string): OpenedModel {
    const model = this.byId.get(modelId);
    if (model) return model;
    throw new GqaLensError('unknown-id', 'The checkpoint is no longer open', {
      found: modelId,
      next: 'Open it again.',
    });
  }

  async close(modelId: string): Promise<OpenedModel | null> {
    const model = this.byId.get(modelId);
    if (!model) return null;
    this.byId.delete(modelId);
    await model.checkpoint.close();
    return model;
  }

  /** Folders of the checkpoints that are open. */
  folders(): string[] {
    return [...this.byId.values()].map(({ checkpoint }) => checkpoint.folder);
  }

  private find(path: string): OpenedModel | undefined {
    return [...this.byId.values()].find(({ checkpoint }) => checkpoint.path === path);
  }
}

/** A model that cannot be run can still be inspected: the reason is kept instead of thrown. */
export function tryResolve(checkpoint: Checkpoint): { spec: ModelSpec | null; problem: string | null } {
  try {
    return { spec: resolveModel(checkpoint), problem: null };
  } catch (error) {
    if (error instanceof GqaLensError) return { spec: null, problem: error.message };
    throw error;
  }
}

/** A damaged tokenizer must not keep the weights from being looked at: the reason is told when text is given. */
async function tryTokenizer(
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<{ tokenizer: Tokenizer | null; problem: GqaLensError | null }> {
  try {
    return { tokenizer: await checkpointTokenizer(checkpoint, signal), problem: null };
  } catch (error) {
    if (error instanceof GqaLensError && error.code === 'tokenizer-invalid') return { tokenizer: null, problem: error };
    throw error;
  }
}
