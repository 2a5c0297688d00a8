/**
 * Weight files as the structure editor shows them: read by themselves, so that a file can be looked at, replaced on disk
 * and read again while a checkpoint of the same path is open and running.
 * Role: headers and config to columns, statistics on demand. It loads no tokenizer and no weights.
 */
import { relative, resolve } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { openCheckpoint } from '../checkpoint/openCheckpoint';
import { tensorStatistics } from '../checkpoint/tensorStatistics';
import { hasTokenizer } from '../checkpoint/tokenizer';
import { summarise } from '../model/summary';
import type { CheckpointStructure, TensorStatistics } from '../protocol/structure';
import type { TaskContext } from '../protocol/tasks';
import { headLayouts } from './headLayouts';
import { tryResolve } from './models';
import { tensorColumns } from './tensorColumns';

export class Structures {
  /** By absolute path: one editor a file. */
  private readonly opened = new Map<string, Checkpoint>();

  /** Reads a file's headers, again if it was read before. Throws GqaLensError. */
  async read(path: string, task: TaskContext): Promise<CheckpointStructure> {
    const start = performance.now();
    const checkpoint = await this.open(resolve(path), task);
    const { spec, problem } = tryResolve(checkpoint);
    const summary = summarise(checkpoint, spec, {
      modelId: '',
      hasTokenizer: await hasTokenizer(checkpoint),
      notRunnable: problem,
    });
    return {
      summary,
      layouts: headLayouts(spec, summary),
      tensors: tensorColumns(checkpoint, spec, (file) => relative(checkpoint.folder, file)),
      milliseconds: performance.now() - start,
    };
  }

  /** Statistics of a tensor of a file, which is opened if it is not (the engine may be a new one). */
  async statistics(path: string, tensor: string, task: TaskContext): Promise<TensorStatistics> {
    const absolute = resolve(path);
    return tensorStatistics(this.opened.get(absolute) ?? (await this.open(absolute, task)), tensor, task);
  }

  /** Lets the file go. Unknown paths are ignored. */
  async close(path: string): Promise<void> {
    const absolute = resolve(path);
    const checkpoint = this.opened.get(absolute);
    this.opened.delete(absolute);
    await checkpoint?.close();
  }

  private async open(path: string, task: TaskContext): Promise<Checkpoint> {
    await this.close(path);
    const checkpoint = await openCheckpoint(path, task.signal);
    const raced = this.opened.get(path);
    this.opened.set(path, checkpoint);
    await raced?.close();
    return checkpoint;
  }
}
