/** The session that a command acts on. Commands are disabled without one; a keybinding may still call them. */
import { GqaLensError } from '../../protocol/errors';
import type { HostContext } from '../context';
import { isNode } from '../inspector/nodes';
import type { Session } from '../session';

export function activeSession({ sessions }: HostContext): Session {
  if (sessions.active === null) {
    throw new GqaLensError('input-invalid', 'No checkpoint is open', {
      next: 'Run "GQA Lens: Open Checkpoint…" first.',
    });
  }
  return sessions.active;
}

/** The session of the inspector's row that a command was called on, else the active one. */
export function sessionOf(context: HostContext, given: unknown): Session {
  return isNode(given) ? given.session : activeSession(context);
}
