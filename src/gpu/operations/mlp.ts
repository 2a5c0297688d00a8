/** The elementwise middle of an MLP. */
import activationCode from '../kernels/activation.wgsl';
import type { Batch } from '../batch';
import type { GpuContext, Span } from '../context';

const kernel = { name: 'activation', code: activationCode };

const kinds = { silu: 0, gelu: 1, 'gelu-tanh': 2, relu: 3 } as const;

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
  const workgroups = Math.ceil(count / 4 / 64);
  const x = Math.min(workgroups, rowWorkgroups);
  batch.dispatch({
    kernel,
    constants: { GATED: gate ? 1 : 0, KIND: kinds[activation] },
    params: [count / 4, x * 64],
    buffers: [gate ?? context.nothing, up],
    workgroups: [x, Math.ceil(workgroups / x)],
  });
}
