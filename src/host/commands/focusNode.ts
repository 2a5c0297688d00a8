/** Shows what was chosen in the inspector in its explorer. */
import type { HostContext } from '../context';
import { isNode } from '../inspector/nodes';

export function focusNode({ sessions, panels }: HostContext) {
  return (given?: unknown): void => {
    if (!isNode(given)) return;
    sessions.activate(given.session);
    panels.showExplorer(given.session, given.focus);
  };
}
