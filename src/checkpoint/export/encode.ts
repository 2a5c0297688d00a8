/**
 * Weights to stored bytes, with a check that none of them grows beyond the type.
 * Role: the one way by which an export turns numbers into bytes. The number formats are dtypes.ts.
 */
import { GqaLensError } from '../../protocol/errors';
import { encodeFloat32, type FloatDtype } from '../dtypes';

/** From this magnitude on, a number rounds to infinity; other types hold every float32. */
const overflow: Partial<Record<FloatDtype, { from: number; largest: string }>> = {
  F16: { from: 65520, largest: '65504' },
  BF16: { from: 2 ** 127 * (2 - 2 ** -8), largest: '3.39e38' },
};

/**
 * Encodes numbers of a tensor.
 * @throws GqaLensError conversion-invalid naming the tensor when a finite number would become infinite
 */
export function encodeWeights(dtype: FloatDtype, values: Float32Array, tensor: string): Uint8Array {
  const limit = overflow[dtype];
  const beyond = limit && values.find((value) => Math.abs(value) >= limit.from && Number.isFinite(value));
  if (limit && beyond !== undefined) {
    throw new GqaLensError('conversion-invalid', `A weight is too large for ${dtype}`, {
      tensor,
      found: String(beyond),
      limit: limit.largest,
      next: 'Choose another dtype: bf16 has the range of f32.',
    });
  }
  return encodeFloat32(dtype, values);
}
