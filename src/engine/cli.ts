/**
 * Entry of the command line, `gqa-lens`.
 * Role: the process: streams, signals and the end. What it does is cli/program.ts.
 */
import { version } from '../../package.json';
import { exitCodes, runCommandLine } from './cli/program';

/** After Ctrl+C the command may take this long to stop by itself. */
const stopMilliseconds = 5000;

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(exitCodes.cancelled);
    controller.abort();
    setTimeout(() => process.exit(exitCodes.cancelled), stopMilliseconds).unref();
  });
}
// `gqa-lens … | head` closes the pipe early: that is no failure.
process.stdout.on('error', () => process.exit(exitCodes.done));

const code = await runCommandLine(
  process.argv.slice(2),
  version,
  {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
  },
  controller.signal,
);
// Dawn keeps the process alive for ever, so the end is explicit, after stdout has been written.
process.stdout.write('', () => process.exit(code));
