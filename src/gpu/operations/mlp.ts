/** Elementwise functions: the middle of an MLP, and soft caps. */
import activationCode from '../kernels/activation.wgsl';
import softcapCode from '../kernels/softcap.wgsl';
import { float32, type Batch } from '../batch';
import type { GpuContext, Span } from '../context';

const kernel = { name: 'activation', code: activationCode };
const softcapKernel = { name: 'softcap', code: softcapCode };

const kinds = { silu: 0, gelu: 1, 'gelu-tanh': 2, relu: 3, 'clamped-swiglu': 4 } as const;

/** Workgroups in x; rows of them in y keep both under WebGPU's limit of 65535. */
const rowWorkgroups = 4096;

/** up[count] = activation(gate) · up, or activation(up) without a gate, in place. `count` is a multiple of 4. */
export function activate(
  context: GpuContext,
  batch: Batch,
  activation: keyof typeof kinds,
  gate: Span | null,
  up: Span,
  count: number,
): void {
  const { x, y } = grid(count);
  batch.dispatch({
    kernel,
    constants: { GATED: gate ? 1 : 0, KIND: kinds[activation] },
    params: [count / 4, x * 64],
    buffers: [gate ?? context.nothing, up],
    workgroups: [x, y],
  });
}

/** values[count] = cap · tanh(values / cap), in place. `count` is a multiple of 4. */
export function softcap(batch: Batch, values: Span, count: number, cap: number): void {
  const { x, y } = grid(count);
  batch.dispatch({
    kernel: softcapKernel,
    params: [count / 4, x * 64, float32(cap)],
    buffers: [values],
    workgroups: [x, y],
  });
}

function grid(count: number): { x: number; y: number } {
  const workgroups = Math.ceil(count / 4 / 64);
  const x = Math.min(workgroups, rowWorkgroups);
  return { x, y: Math.ceil(workgroups / x) };
}
