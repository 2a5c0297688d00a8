/** What the entries of registries say about themselves, for all who let somebody choose: pickers, views, the command line. */
import type { CalibrationText, MethodInfo } from './model';

/** What a request without a calibration text means. */
export const usualCalibration: CalibrationText = { file: null, tokens: 8192 };

/**
 * The method that is taken when nobody chooses: the recommended one of those that need a text where there is one, else of
 * those that need none.
 */
export function recommendedMethod<Method extends MethodInfo>(methods: readonly Method[], hasText: boolean): Method {
  const fitting = methods.filter(({ needsText = false }) => needsText === hasText);
  const method = fitting.find(({ recommended }) => recommended === true) ?? fitting[0] ?? methods[0];
  if (method === undefined) throw new Error('there is nothing to recommend');
  return method;
}
