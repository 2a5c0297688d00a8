/**
 * A checkpoint whose weights have scales, read as if they were plain: stored number × factor.
 * Role: wraps the checkpoint of any format. Which scale a weight has is told by quantisation.ts.
 */
import { GqaLensError } from '../../protocol/errors';
import type { Checkpoint, ElementRange, TensorInfo } from '../checkpoint';
import { bytesOf, findMxfp4, readMxfp4 } from './mxfp4';
import { applyScale } from './scaleLayout';
import { recogniseQuantisation, type Quantisation } from './quantisation';

/** The checkpoint itself where it is not quantised, else one that reads weights times their scales. */
export function withScales(checkpoint: Checkpoint): Checkpoint {
  const quantisation = recogniseQuantisation(checkpoint.tensors, checkpoint.config);
  return quantisation ? new ScaledCheckpoint(checkpoint, quantisation) : checkpoint;
}

class ScaledCheckpoint implements Checkpoint {
  readonly path: string;
  readonly folder: string;
  readonly config: Checkpoint['config'];
  readonly tensors: Checkpoint['tensors'];
  readonly bytesOnDisk: number;
  readonly notes: readonly string[];

  constructor(
    private readonly stored: Checkpoint,
    readonly quantisation: Quantisation,
  ) {
    this.path = stored.path;
    this.folder = stored.folder;
    this.config = stored.config;
    this.tensors = new Map([...stored.tensors, ...findMxfp4(stored.tensors)]);
    this.bytesOnDisk = stored.bytesOnDisk;
    this.notes = [...(stored.notes ?? []), quantisation.title];
  }

  async readFloat32(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Float32Array> {
    const { scales, packed, problem } = this.quantisation;
    const scale = scales.get(name);
    const info = this.tensors.get(name);
    if (packed.has(name) && info) return readMxfp4(this.stored, name, range ?? wholeOf(info), signal);
    // Numbers of one byte are nothing without their scale.
    if (!scale && problem && info?.byteLength === elementsOf(info?.shape ?? [])) throw problem;
    const values = await this.stored.readFloat32(name, range, signal);
    if (!scale || !info) return values;
    await this.checkLayout(scale.layout, name, signal);
    const factors = await this.stored.readFloat32(scale.tensor, undefined, signal);
    if (scale.divisor !== 1) for (const [i, factor] of factors.entries()) factors[i] = factor / scale.divisor;
    applyScale(values, range?.start ?? 0, info.shape, scale.steps, factors);
    return values;
  }

  /** bitsandbytes can store rows in the order of a GPU's tiles. */
  private async checkLayout(layout: string | null, weight: string, signal?: AbortSignal): Promise<void> {
    const bytes = layout === null ? [] : await this.stored.readBytes(layout, undefined, signal);
    if (bytes.every((byte) => byte === 0)) return;
    throw new GqaLensError('checkpoint-unsupported', 'The weight is stored in an order of a GPU', {
      file: this.tensors.get(weight)?.file ?? this.path,
      tensor: weight,
      expected: 'weight_format 0: row by row',
      found: `weight_format ${String(bytes[0])}`,
      next: 'Save it again with a newer bitsandbytes, or take a checkpoint in BF16 or F16.',
    });
  }

  readBytes(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Uint8Array> {
    const isPacked = this.quantisation.packed.has(name);
    return this.stored.readBytes(name, range && isPacked ? bytesOf(range.start, range.end) : range, signal);
  }

  close(): Promise<void> {
    return this.stored.close();
  }
}

function wholeOf({ shape }: TensorInfo): ElementRange {
  return { start: 0, end: elementsOf(shape) };
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
