/** Opens the checkpoint that comes with the extension and runs it at once, so that there is a picture to look at. */
import { join } from 'node:path';
import type { HostContext } from '../context';
import { openPath } from './openCheckpoint';

export function openSample(context: HostContext) {
  return async (): Promise<void> => {
    const session = await openPath(context, join(context.extension.extensionPath, 'media', 'sample'));
    await session.ensureRun();
  };
}
