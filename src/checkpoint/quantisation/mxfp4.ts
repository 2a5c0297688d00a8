/**
 * Experts in MXFP4, as OpenAI publishes gpt-oss: NAME_blocks holds 32 numbers of four bits in 16 bytes, NAME_scales a power of
 * two for each 32.
 * Role: gives NAME_blocks as one tensor of numbers, [experts, outputs, inputs], decoded as it is read. Layout: transformers,
 * integrations/mxfp4.py, convert_moe_packed_tensors; number formats: OCP microscaling, E2M1 and E8M0.
 */
import type { Checkpoint, ElementRange, TensorInfo } from '../checkpoint';
import { decodeFloat32 } from '../dtypes';

/** Numbers that share a scale. */
const group = 32;
/** E2M1, by the four bits. */
const values = Float32Array.of(0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6);

/** Blocks and scales that belong together, as tensors of numbers: by the name of the blocks. */
export function findMxfp4(tensors: ReadonlyMap<string, TensorInfo>): Map<string, TensorInfo> {
  const found = new Map<string, TensorInfo>();
  for (const [name, blocks] of tensors) {
    const scales = name.endsWith('_blocks') ? tensors.get(scalesOf(name)) : undefined;
    if (scales?.dtype !== 'U8' || blocks.dtype !== 'U8' || blocks.shape.at(-1) !== group / 2) continue;
    const outer = blocks.shape.slice(0, -1);
    if (outer.length !== scales.shape.length || outer.some((size, axis) => size !== scales.shape[axis])) continue;
    const shape = [...outer.slice(0, -1), (outer.at(-1) ?? 0) * group];
    found.set(name, { ...blocks, dtype: 'F4', shape });
  }
  return found;
}

/** Reads numbers of such a tensor. @param stored the checkpoint that holds blocks and scales as bytes */
export async function readMxfp4(
  stored: Checkpoint,
  name: string,
  { start, end }: ElementRange,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const out = new Float32Array(end - start);
  if (out.length === 0) return out;
  const first = Math.floor(start / group);
  const bytes = await stored.readBytes(name, bytesOf(start, end), signal);
  const scales = await stored.readBytes(scalesOf(name), { start: first, end: Math.ceil(end / group) }, signal);
  const factors = new Float32Array(scales.length);
  decodeFloat32('F8_E8M0', scales, factors);
  const firstByte = Math.floor(start / 2);
  for (let i = 0; i < out.length; i++) {
    const element = start + i;
    const byte = bytes[Math.floor(element / 2) - firstByte] ?? 0;
    // The lower half of a byte comes first.
    const value = values[element % 2 === 0 ? byte & 15 : byte >> 4] ?? 0;
    out[i] = value * (factors[Math.floor(element / group) - first] ?? NaN);
  }
  return out;
}

/** The bytes that hold a range of numbers. */
export function bytesOf(start: number, end: number): ElementRange {
  return { start: Math.floor(start / 2), end: Math.ceil(end / 2) };
}

function scalesOf(blocks: string): string {
  return blocks.replace(/_blocks$/, '_scales');
}
