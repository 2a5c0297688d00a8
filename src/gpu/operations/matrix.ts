/**
 * Matrices on the GPU and the padding that all kernels rely on.
 * Role: the type that linear layers take. Reading weights from a checkpoint is src/model/gpuWeights.ts.
 */
import type { Span } from '../context';

/** Kernels work on vec4: every inner dimension is padded to a multiple of 4 with zeros. */
export function pad4(count: number): number {
  return Math.ceil(count / 4) * 4;
}

/** A weight matrix [rows, columns], row-major, both padded; split by rows where one binding could not hold it. */
export interface GpuMatrix {
  rows: number;
  columns: number;
  parts: readonly { span: Span; row0: number; rows: number }[];
}
