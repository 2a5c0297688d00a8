/**
 * Entry of the forked engine process. With --probe it only tells whether this runtime can use a GPU.
 * Role: the process: its channel, its end. It must run under a real Node (ARCHITECTURE.md says why).
 */
import { openChannel } from '../protocol/rpc';
import type { EngineApi, EngineEvents } from '../protocol/engine';
import { EngineCore } from './core';
import { optionsFromEnvironment } from './options';
import { engineService } from './service';

/** After this long the process ends whether or not the device let go. */
const exitMilliseconds = 1000;

const core = new EngineCore(optionsFromEnvironment(process.env));

if (process.argv.includes('--probe')) {
  const { available, adapter, attempts, probeMilliseconds, runtime } = await core.diagnostics();
  const reason = attempts.map(({ what, reason: outcome }) => `${what}: ${outcome}`).join('; ');
  const answer = { ok: available, node: runtime, reason, milliseconds: probeMilliseconds, adapter };
  process.stdout.write(`${JSON.stringify(answer)}\n`, end);
} else {
  serve();
}

function serve(): void {
  const send = process.send?.bind(process);
  if (!send) {
    process.stderr.write('This is the engine of GQA Lens; it is started by the extension. Use gqa-lens --help.\n');
    process.exit(2);
  }
  const events: EngineEvents = {
    progress: (progress) => void channel.progress.asEvent(progress),
    swept: (task, result) => void channel.swept.asEvent(task, result),
    log: (level, message) => void channel.log.asEvent(level, message),
  };
  const channel = openChannel<EngineEvents, EngineApi>(engineService(core, events, end), {
    post: (message) => {
      // The parent may be gone while an answer is on its way.
      if (process.connected) send(message);
    },
    on: (listener) => process.on('message', listener),
  });
  process.on('disconnect', end);
  events.log('info', `engine ${process.pid} runs in Node ${process.version}`);
}

/** Dawn keeps the process alive for ever, so the end is explicit. */
function end(): void {
  setTimeout(() => process.exit(0), exitMilliseconds).unref();
  core.destroy();
  setImmediate(() => process.exit(0));
}
