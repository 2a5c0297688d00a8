/**
 * One engine process: forked, connected, watched until it ends.
 * Role: the life of a single process. Whether another one is started afterwards is engineProcess.ts.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { EngineApi, EngineEvents } from '../protocol/engine';
import { GqaLensError } from '../protocol/errors';
import { openChannel, type Remote } from '../protocol/rpc';
import { environmentFor, type Runtime } from './runtime';

/** The engine's functions, callable from here. */
export type Engine = Remote<EngineApi, EngineEvents>;

export interface EngineChild {
  readonly pid: number | undefined;
  readonly engine: Engine;
  /** Why the process is gone; null while it lives. */
  readonly gone: GqaLensError | null;
  /** Settles when the process has ended. */
  readonly ended: Promise<GqaLensError>;
  /** Asks the process to end, and ends it if it does not within two seconds. */
  stop(): Promise<void>;
}

/** How long a device may take to be destroyed before the process is killed. */
const stopLimitMilliseconds = 2000;
/** Lines of stderr that an error message quotes. */
const quotedLines = 3;
/** What dawn says on llvmpipe whenever it makes a device; nothing follows from it. */
const harmless = /^Warning: maxDynamic\w+ artificially reduced/;

/** Starts an engine. It may still fail to come up: `ended` then says why, and every call is rejected with that reason. */
export function forkEngine(
  runtime: Runtime,
  distFolder: string,
  environment: NodeJS.ProcessEnv,
  events: EngineEvents,
  log: vscode.LogOutputChannel,
): EngineChild {
  const child = fork(join(distFolder, 'engine.mjs'), [], {
    execPath: runtime.path,
    execArgv: [],
    env: environmentFor(runtime, environment),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  log.info(`Engine ${child.pid ?? '?'} started under ${runtime.path}`);
  const lastWords: string[] = [];
  eachLine(child.stdout, (line) => log.info(`engine: ${line}`));
  eachLine(child.stderr, (line) => {
    if (harmless.test(line)) {
      log.debug(`engine: ${line}`);
      return;
    }
    log.warn(`engine: ${line}`);
    lastWords.push(line);
    if (lastWords.length > quotedLines) lastWords.shift();
  });

  const engine = openChannel<EngineApi, EngineEvents>(events, {
    // A failed send means that the process is going: 'exit' follows and rejects what is pending.
    post: (message) => void child.send(message as object, () => undefined),
    on: (listener) => void child.on('message', listener),
  });
  let gone: GqaLensError | null = null;
  const ended = new Promise<GqaLensError>((resolve) => {
    const settle = (summary: string): void => {
      if (gone !== null) return;
      gone = new GqaLensError('engine-gone', summary, {
        ...(lastWords.length === 0 ? {} : { found: lastWords.join(' | ') }),
        next: 'Run again: a new engine is started.',
      });
      log.info(summary);
      engine.$close(gone);
      resolve(gone);
    };
    child.once('error', (error) => settle(`The engine could not be started: ${error.message}`));
    // 'close' comes after 'exit' once the pipes are drained, so that the last words are complete.
    child.once('close', (code, signal) =>
      settle(
        signal === null
          ? `The engine process ${child.pid ?? '?'} ended with code ${code ?? '?'}`
          : `The engine process ${child.pid ?? '?'} was ended by ${signal}`,
      ),
    );
  });

  return {
    pid: child.pid,
    engine,
    ended,
    get gone() {
      return gone;
    },
    async stop() {
      if (gone !== null) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMilliseconds);
      engine.shutdown.asEvent().catch(() => undefined);
      await ended;
      clearTimeout(timer);
    },
  };
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    lines.filter((line) => line.trim() !== '').forEach(take);
  });
  stream?.on('end', () => {
    if (rest.trim() !== '') take(rest);
  });
}
