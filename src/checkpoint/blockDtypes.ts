/**
 * Element types that store weights in blocks: a few numbers share a scale. ggml's types, as GGUF files have them.
 * Role: names and sizes. Which of them are decoded, and how, is gguf/dequantise.ts. Source: ggml, ggml-common.h (block_*).
 */

/** Elements and bytes of a block. */
const sizes = {
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q5_0: [32, 22],
  Q5_1: [32, 24],
  Q8_0: [32, 34],
  Q8_1: [32, 36],
  Q2_K: [256, 84],
  Q3_K: [256, 110],
  Q4_K: [256, 144],
  Q5_K: [256, 176],
  Q6_K: [256, 210],
  Q8_K: [256, 292],
  IQ1_S: [256, 50],
  IQ1_M: [256, 56],
  IQ2_XXS: [256, 66],
  IQ2_XS: [256, 74],
  IQ2_S: [256, 82],
  IQ3_XXS: [256, 98],
  IQ3_S: [256, 110],
  IQ4_NL: [32, 18],
  IQ4_XS: [256, 136],
  TQ1_0: [256, 54],
  TQ2_0: [256, 66],
  MXFP4: [32, 17],
  NVFP4: [64, 36],
  Q1_0: [128, 18],
} as const satisfies Record<string, readonly [number, number]>;

export type BlockDtype = keyof typeof sizes;

/** Whether a type stores its elements in blocks. */
export function isBlockDtype(dtype: string): dtype is BlockDtype {
  return Object.hasOwn(sizes, dtype);
}

/** Elements of a block; 1 for a type that stores each element by itself. A row holds whole blocks. */
export function elementsPerBlock(dtype: string): number {
  return isBlockDtype(dtype) ? sizes[dtype][0] : 1;
}

/** Bytes that an element takes on average. Exact: the elements of a block are a power of 2. */
export const blockBytesPerElement = Object.fromEntries(
  Object.entries(sizes).map(([dtype, [elements, bytes]]) => [dtype, bytes / elements]),
) as Readonly<Record<BlockDtype, number>>;
