/** Shows which heads read which KV head on both sides of the comparison, in the editor's text diff. */
import type { HostContext } from '../context';
import { sessionOf } from './activeSession';

export function compareAssignments(context: HostContext) {
  return (given?: unknown): Promise<void> => context.assignments.show(sessionOf(context, given));
}
