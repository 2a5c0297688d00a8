/**
 * The working surface over a GPUDevice: kernels by name, buffers, batches of dispatches, readback.
 * Role: everything that model code needs of WebGPU. It knows no model and no dawn: a browser's device serves as well.
 */
import { GqaLensError } from '../protocol/errors';
import type { AdapterDescription } from '../protocol/gpu';
import { Batch } from './batch';

/** A piece of a buffer, in bytes. */
export interface Span {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

/** A WGSL file and the constants put in front of it. */
export interface KernelSource {
  name: string;
  code: string;
}

/** Values for `const NAME: u32` lines in front of a kernel: sizes that WGSL needs at compile time, and choices. */
export type KernelConstants = Readonly<Record<string, number>>;

/** WebGPU asks copies and bindings to be multiples of 4 bytes. */
const alignment = 4;

export class GpuContext {
  readonly device: GPUDevice;
  readonly description: AdapterDescription;
  /** What kernels without a bias get in the bias' place: WebGPU has no optional bindings. */
  readonly nothing: Span;
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private failure: GqaLensError | null = null;
  private closing = false;

  constructor(device: GPUDevice, description: AdapterDescription) {
    this.device = device;
    this.description = description;
    this.nothing = this.storage(4, 'nothing');
    device.addEventListener('uncapturederror', (event) => {
      this.failure ??= new GqaLensError('gpu-failed', `The GPU refused a command: ${event.error.message}`, {
        next: 'Please report this with the output of "GQA Lens: Show GPU Diagnostics".',
      });
    });
    void device.lost.then((info) => {
      if (this.closing) return;
      this.failure = new GqaLensError('gpu-failed', `The GPU device was lost: ${info.message}`, {
        next: 'Run again; if it happens again, use a shorter text or choose another adapter in the settings.',
      });
    });
  }

  /** Largest span that one binding may have, in bytes. */
  get maxBindingBytes(): number {
    return Math.min(this.device.limits.maxStorageBufferBindingSize, this.device.limits.maxBufferSize);
  }

  /** Compiled once per name and constants. */
  pipeline(kernel: KernelSource, constants: KernelConstants = {}): GPUComputePipeline {
    const key = `${kernel.name} ${JSON.stringify(constants)}`;
    const known = this.pipelines.get(key);
    if (known) return known;
    const prefix = Object.entries(constants).map(([name, value]) => `const ${name}: u32 = ${value}u;\n`);
    const module = this.device.createShaderModule({ label: kernel.name, code: prefix.join('') + kernel.code });
    const pipeline = this.device.createComputePipeline({
      label: key,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    this.pipelines.set(key, pipeline);
    return pipeline;
  }

  /** A zero-filled storage buffer for `count` 4-byte elements. */
  storage(count: number, label: string): Span {
    const size = Math.max(alignment, count * 4);
    if (size > this.maxBindingBytes) {
      throw new GqaLensError('gpu-failed', `The buffer "${label}" is larger than this adapter can bind`, {
        limit: `${this.maxBindingBytes} bytes`,
        found: `${size} bytes`,
        next: 'Use a shorter text.',
      });
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return { buffer: this.device.createBuffer({ label, size, usage }), offset: 0, size };
  }

  /** A storage buffer that holds `data`. */
  upload(data: Float32Array | Uint32Array | Int32Array, label: string): Span {
    const span = this.storage(data.length, label);
    this.device.queue.writeBuffer(span.buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    return span;
  }

  /** Starts recording dispatches. */
  batch(): Batch {
    return new Batch(this);
  }

  /** Copies a span to the CPU after all submitted work. @throws GqaLensError gpu-failed when the GPU failed since. */
  async read(span: Span): Promise<ArrayBuffer> {
    const target = this.device.createBuffer({
      size: span.size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(span.buffer, span.offset, target, 0, span.size);
      this.device.queue.submit([encoder.finish()]);
      await target.mapAsync(GPUMapMode.READ);
      this.throwIfFailed();
      return target.getMappedRange().slice(0);
    } catch (error) {
      throw this.failure ?? error;
    } finally {
      target.destroy();
    }
  }

  /** Like `read`, as float32. */
  async readFloat32(span: Span): Promise<Float32Array> {
    return new Float32Array(await this.read(span));
  }

  /** Waits until all submitted work is done. @throws GqaLensError gpu-failed */
  async settled(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    this.throwIfFailed();
  }

  /** Throws the first failure since the last call. A lost device fails for ever. */
  private throwIfFailed(): void {
    const failure = this.failure;
    if (!failure) return;
    if (!failure.message.includes('was lost')) this.failure = null;
    throw failure;
  }

  destroy(): void {
    this.closing = true;
    this.device.destroy();
  }
}
