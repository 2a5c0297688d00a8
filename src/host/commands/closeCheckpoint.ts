/** Closes a checkpoint with its panels: the one whose row was clicked, or the active one. */
import type { HostContext } from '../context';
import { isNode } from '../inspector/nodes';

export function closeCheckpoint({ sessions }: HostContext) {
  return (given?: unknown): void => {
    const session = isNode(given) ? given.session : sessions.active;
    if (session !== null) sessions.close(session);
  };
}
