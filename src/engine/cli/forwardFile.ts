/**
 * The file of `forward --out`: one safetensors file with what a forward pass gave.
 * Role: writes tensors as they are computed, and never over anything but an earlier file of its own kind.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openCheckpoint } from '../../checkpoint/openCheckpoint';
import { writeSafetensors } from '../../checkpoint/safetensorsWriter';
import { GqaLensError } from '../../protocol/errors';
import type { TaskContext } from '../../protocol/tasks';

/** A tensor of the file; `read` is called once, when its turn comes. */
export interface ForwardTensor {
  name: string;
  shape: readonly number[];
  read: () => Promise<Int32Array | Float32Array>;
}

/**
 * Writes the file whole or not at all. An earlier file of this command, or an empty one, is replaced.
 * @throws GqaLensError output-exists when anything else lies there; input-invalid when it cannot be written
 */
export async function writeForwardFile(
  path: string,
  tensors: readonly ForwardTensor[],
  task: TaskContext,
): Promise<void> {
  const target = resolve(path);
  await refuseForeign(target);
  const folder = await makeFolderBeside(target);
  try {
    const temporary = join(folder, 'forward.safetensors');
    await writeSafetensors(temporary, tensors.map(toWrite), task.signal);
    await rename(temporary, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toWrite({ name, shape, read }: ForwardTensor): Parameters<typeof writeSafetensors>[1][number] {
  const integers = ['input_ids', 'decoder_input_ids', 'greedy'].includes(name);
  return {
    name,
    shape,
    dtype: integers ? 'I32' : 'F32',
    async *chunks() {
      const { buffer, byteOffset, byteLength } = await read();
      yield new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}

async function refuseForeign(target: string): Promise<void> {
  const found = await stat(target).catch(() => null);
  if (found === null || (found.isFile() && (found.size === 0 || (await isForwardFile(target))))) return;
  throw new GqaLensError('output-exists', 'Something else is there already and is not overwritten', {
    file: target,
    expected: 'no file, or an earlier one of this command',
    next: 'Choose another name, or remove it yourself.',
  });
}

async function isForwardFile(file: string): Promise<boolean> {
  try {
    const checkpoint = await openCheckpoint(file);
    await checkpoint.close();
    return checkpoint.tensors.has('input_ids') && checkpoint.tensors.has('logits');
  } catch {
    return false;
  }
}

/** A temporary folder on the target's file system, so that the rename is atomic. */
async function makeFolderBeside(target: string): Promise<string> {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(`${target}.partial-`);
  } catch (error) {
    throw new GqaLensError('input-invalid', 'The output file cannot be written', {
      file: target,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a place that you can write to.',
    });
  }
}
