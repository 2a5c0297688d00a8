/** Shows the active checkpoint beside its conversion. Asks for the groups first where nothing is converted yet. */
import { usualSides } from '../../protocol/sides';
import type { HostContext } from '../context';
import { activeSession } from './activeSession';
import { pickConversion } from './pickConversion';

export function compare(context: HostContext) {
  return async (): Promise<void> => {
    const session = activeSession(context);
    if (!session.converts) {
      const conversion = await pickConversion(session);
      if (conversion === undefined || conversion.G === session.model.G) return;
      await session.setConversion(conversion);
    }
    context.panels.showDiff(session, usualSides);
    await session.ensureRun();
  };
}
