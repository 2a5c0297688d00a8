/** Vectors made of equal blocks: the inner products and steps of conjugate gradients on several systems at once. */
import add from '../kernels/blockAdd.wgsl';
import dot from '../kernels/blockDot.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';

const dotKernel = { name: 'blockDot', code: dot };
const addKernel = { name: 'blockAdd', code: add };

/** `blocks` blocks of `length` numbers, a multiple of 4. */
export interface BlockShape {
  blocks: number;
  length: number;
}

/** numerator / denominator, one number a block each. */
export interface BlockRatio {
  numerator: Span;
  denominator: Span;
}

/** out[blocks] = a · b. */
export function blockDot(batch: Batch, a: Span, b: Span, out: Span, { blocks, length }: BlockShape): void {
  batch.dispatch({ kernel: dotKernel, params: [length / 4], buffers: [a, b, out], workgroups: [blocks] });
}

/** a += sign · ratio · b. */
export function blockAdd(batch: Batch, a: Span, b: Span, ratio: BlockRatio, sign: 1 | -1, shape: BlockShape): void {
  addKernelOn(batch, a, b, ratio, sign, false, shape);
}

/** a = b + ratio · a. */
export function blockTurn(batch: Batch, a: Span, b: Span, ratio: BlockRatio, shape: BlockShape): void {
  addKernelOn(batch, a, b, ratio, 1, true, shape);
}

/** Workgroups of a block: enough for any GPU, and far below what WebGPU allows. */
const mostWorkgroups = 1024;

function addKernelOn(
  batch: Batch,
  a: Span,
  b: Span,
  { numerator, denominator }: BlockRatio,
  sign: number,
  swap: boolean,
  { blocks, length }: BlockShape,
): void {
  const workgroups = Math.min(mostWorkgroups, Math.ceil(length / 4 / 64));
  batch.dispatch({
    kernel: addKernel,
    constants: { SWAP: swap ? 1 : 0 },
    params: [length / 4, workgroups * 64, float32(sign)],
    buffers: [numerator, denominator, b, a],
    workgroups: [workgroups, blocks],
  });
}
