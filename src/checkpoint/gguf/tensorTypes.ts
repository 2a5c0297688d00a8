/**
 * ggml's element types by their number in a file.
 * Role: a table. Source: ggml, ggml.h, enum ggml_type; numbers that are missing were taken out of ggml.
 */
import type { Dtype } from '../checkpoint';

const types = new Map<number, Dtype>([
  ...numbered(0, ['F32', 'F16', 'Q4_0', 'Q4_1']),
  ...numbered(6, ['Q5_0', 'Q5_1', 'Q8_0', 'Q8_1', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'Q8_K']),
  ...numbered(16, ['IQ2_XXS', 'IQ2_XS', 'IQ3_XXS', 'IQ1_S', 'IQ4_NL', 'IQ3_S', 'IQ2_S', 'IQ4_XS']),
  ...numbered(24, ['I8', 'I16', 'I32', 'I64', 'F64', 'IQ1_M', 'BF16']),
  ...numbered(34, ['TQ1_0', 'TQ2_0']),
  ...numbered(39, ['MXFP4', 'NVFP4', 'Q1_0']),
]);

function numbered(first: number, dtypes: readonly Dtype[]): [number, Dtype][] {
  return dtypes.map((dtype, place) => [first + place, dtype]);
}

/** The type of a number; null for one that is not known. */
export function typeById(id: number): Dtype | null {
  return types.get(id) ?? null;
}
