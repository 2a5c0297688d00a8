/** Asks for the number of KV groups alone and applies it to the active session. */
import type { HostContext } from '../context';
import { activeSession } from './activeSession';
import { convertSession } from './convert';
import { pickGroups } from './pickConversion';

export function setGroups(context: HostContext) {
  return async (): Promise<void> => {
    const session = activeSession(context);
    const conversion = await pickGroups(session);
    if (conversion !== undefined) await convertSession(context, session, conversion);
  };
}
