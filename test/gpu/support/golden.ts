/** Golden files made by transformers, read with the product's own reader. */
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import type { Tokens } from '../../../src/protocol/tokens';

export { decoderFixtures, fixtures } from '../../support/fixtures';

export const sample = join(import.meta.dirname, '../../../media/sample');

export interface Fixture {
  checkpoint: Checkpoint;
  source: CheckpointWeights;
}

/** Files opened by the tests of one file, closed after its last. */
const opened: Checkpoint[] = [];
afterAll(async () => {
  for (const checkpoint of opened.splice(0)) await checkpoint.close();
});

export async function openModel(path: string): Promise<Fixture> {
  const checkpoint = await openCheckpoint(path);
  opened.push(checkpoint);
  return { checkpoint, source: new CheckpointWeights(checkpoint, resolveModel(checkpoint)) };
}

/** Tensors of a golden file by name; integers come as plain numbers. */
export class Golden {
  private constructor(private readonly file: Checkpoint) {}

  static async open(path: string): Promise<Golden> {
    const file = await openCheckpoint(path);
    opened.push(file);
    return new Golden(file);
  }

  has(name: string): boolean {
    return this.file.tensors.has(name);
  }

  dtype(name: string): string | undefined {
    return this.file.tensors.get(name)?.dtype;
  }

  floats(name: string): Promise<Float32Array> {
    return this.file.readFloat32(name);
  }

  /** What the goldens were made from. */
  async tokens(): Promise<Tokens> {
    const ids = await this.ids('input_ids');
    return this.has('decoder_input_ids') ? { encoder: ids, decoder: await this.ids('decoder_input_ids') } : ids;
  }

  async ids(name: string): Promise<number[]> {
    const bytes = await this.file.readBytes(name);
    return [...new Int32Array(bytes.slice().buffer)];
  }
}
