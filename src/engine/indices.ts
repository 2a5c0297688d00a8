/** Numbers that requests give for layers, heads and positions. Role: refusing those that are none; not looking anything up. */
import { GqaLensError } from '../protocol/errors';

/**
 * @param what for people: "layer", "query position"
 * @throws GqaLensError input-invalid unless the index is a whole number from 0 to count - 1
 */
export function checkIndex(what: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new GqaLensError('input-invalid', `There is no ${what} ${String(index)}`, { expected: `0 to ${count - 1}` });
}
