/**
 * A list of dispatches recorded into one compute pass and submitted together.
 * Role: parameters, bindings and workgroup counts of each dispatch. WebGPU orders dispatches of a pass by their buffers.
 */
import type { GpuContext, KernelConstants, KernelSource, Span } from './context';

/** One dispatch. Binding 0 is the uniform with `params`, bindings 1… are `buffers`. */
export interface Dispatch {
  kernel: KernelSource;
  constants?: KernelConstants;
  /** Integers are written as u32; wrap floats in `float32()`. */
  params: readonly (number | Float)[];
  buffers: readonly Span[];
  workgroups: readonly [number, number?, number?];
}

/** A parameter that a kernel reads as f32. */
export interface Float {
  float: number;
}

export function float32(value: number): Float {
  return { float: value };
}

/** Bytes between two dispatches' parameters: the alignment that every adapter accepts for uniform offsets. */
const paramStride = 256;
const paramSlots = 64;

export class Batch {
  private readonly context: GpuContext;
  private readonly encoder: GPUCommandEncoder;
  private pass: GPUComputePassEncoder;
  private params: { buffer: GPUBuffer; data: ArrayBuffer; used: number } | null = null;
  private readonly temporaries: GPUBuffer[] = [];
  private readonly filled: { buffer: GPUBuffer; data: ArrayBuffer }[] = [];

  constructor(context: GpuContext) {
    this.context = context;
    this.encoder = context.device.createCommandEncoder();
    this.pass = this.encoder.beginComputePass();
  }

  dispatch({ kernel, constants, params, buffers, workgroups }: Dispatch): void {
    const pipeline = this.context.pipeline(kernel, constants);
    const slot = this.writeParams(params);
    const entries = [slot, ...buffers].map((span, binding) => ({
      binding,
      resource: { buffer: span.buffer, offset: span.offset, size: span.size },
    }));
    this.pass.setPipeline(pipeline);
    this.pass.setBindGroup(0, this.context.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    this.pass.dispatchWorkgroups(...workgroups);
  }

  /** A buffer for `count` numbers that the dispatches of this batch may use, and nobody else. */
  temporary(count: number, label: string): Span {
    const span = this.context.storage(count, label);
    this.temporaries.push(span.buffer);
    return span;
  }

  /** Copies a whole span; ordered with the dispatches around it. */
  copy(from: Span, to: Span): void {
    this.pass.end();
    this.encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size);
    this.pass = this.encoder.beginComputePass();
  }

  /** Hands everything to the GPU. The batch cannot be used afterwards. */
  submit(): void {
    this.pass.end();
    const { queue } = this.context.device;
    for (const { buffer, data } of this.filled) queue.writeBuffer(buffer, 0, data);
    queue.submit([this.encoder.finish()]);
    // A destroyed buffer lives on until the work that uses it is done.
    for (const buffer of [...this.filled.map((params) => params.buffer), ...this.temporaries]) buffer.destroy();
  }

  private writeParams(params: Dispatch['params']): Span {
    if (!this.params || this.params.used === paramSlots) {
      const size = paramSlots * paramStride;
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.params = { buffer: this.context.device.createBuffer({ size, usage }), data: new ArrayBuffer(size), used: 0 };
      this.filled.push(this.params);
    }
    const offset = this.params.used * paramStride;
    this.params.used += 1;
    const view = new DataView(this.params.data, offset, paramStride);
    params.forEach((param, index) => {
      if (typeof param === 'number') view.setUint32(index * 4, param, true);
      else view.setFloat32(index * 4, param.float, true);
    });
    // Uniform structs are padded to 16 bytes.
    return { buffer: this.params.buffer, offset, size: Math.ceil(params.length / 4) * 16 };
  }
}
