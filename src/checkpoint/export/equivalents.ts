/**
 * Formats that hold the same function with fewer KV heads where the checkpoint's own cannot say so.
 * Role: the list, and which of them fits. A format is one file of this folder and one line here.
 */
import type { ModelSpec } from '../../model/spec';
import type { MethodInfo } from '../../protocol/methods';
import type { JsonObject } from '../json';
import { gptBigCode } from './gptBigCode';
import type { RoleTensor } from './roleTensors';

export interface EquivalentFormat extends MethodInfo {
  /** Why a converted model does not fit, as the end of a sentence; null when it does. */
  refusal(converted: ModelSpec): string | null;
  /** The text of config.json. @param original the config of the checkpoint */
  config(converted: ModelSpec, original: JsonObject): string;
  /** All tensors of the model. */
  tensors(converted: ModelSpec): RoleTensor[];
}

export const equivalentFormats: readonly EquivalentFormat[] = [gptBigCode];

/** Whether a conversion cannot be said in the checkpoint's own format. */
export function needsEquivalent(original: ModelSpec, converted: Pick<ModelSpec, 'G'>): boolean {
  return !original.formatHasKvHeads && converted.G !== original.G;
}

/** The format that holds a converted model with its G heads; null when none does. */
export function equivalentFormat(converted: ModelSpec): EquivalentFormat | null {
  return equivalentFormats.find((format) => format.refusal(converted) === null) ?? null;
}

/** Why no format holds a converted model with its G heads, one reason a format: "GPTBigCode: …". */
export function refusals(converted: ModelSpec): string {
  return equivalentFormats.map((format) => `${format.title}: ${format.refusal(converted) ?? ''}`).join('; ');
}
