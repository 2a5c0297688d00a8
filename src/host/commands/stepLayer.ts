/** Goes to the layer before or after the one that the panel in front shows. */
import type { HostContext } from '../context';

export function stepLayer({ panels }: HostContext, step: 1 | -1) {
  return (): void => panels.stepLayer(step);
}
