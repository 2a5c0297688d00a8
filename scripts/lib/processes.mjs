// Child processes: run one to its end, or keep one for as long as the script lives. Whatever is kept ends with the
// script, with everything it started: each kept process leads a process group, and the group is stopped.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Signals that mean "stop" and the exit codes that shells expect after them. */
const stopSignals = /** @type {const} */ ({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 });

/** How long a group gets to end by itself before it is killed, in milliseconds. */
const graceTime = 4000;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {Set<ChildProcess>} */
const kept = new Set();

/** @type {Set<() => Promise<void>>} */
const cleanups = new Set();

let handlersInstalled = false;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default: this process's, without npm's own variables
 * @property {string} [input] text for stdin
 * @property {number} [timeout] milliseconds; the process group is killed after it
 * @property {(text: string) => void} [onOutput] called with each piece of stdout and stderr
 */

/**
 * Runs a program to its end and returns what it printed; never throws for an exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number | null; stdout: string; output: string; timedOut: boolean }>}
 */
export async function attempt(command, args, options = {}) {
  const child = keep(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
  });
  let stdout = '';
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    stdout += text;
    output += text;
    options.onOutput?.(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    output += text;
    options.onOutput?.(text);
  });
  child.stdin?.end(options.input);
  let timedOut = false;
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          void stop(child);
        }, options.timeout);
  /** @type {number | null} */
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(127);
    });
    child.once('close', (exitCode) => resolve(exitCode));
  });
  clearTimeout(timer);
  kept.delete(child);
  return { code, stdout, output, timedOut };
}

/**
 * Runs a program to its end; throws with the last lines of its output when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} its stdout
 */
export async function run(command, args, options = {}) {
  const { code, stdout, output, timedOut } = await attempt(command, args, options);
  if (code === 0) return stdout;
  const ending = timedOut ? `did not end within ${(options.timeout ?? 0) / 1000} s` : `ended with exit code ${code}`;
  throw new Error(`\`${[command, ...args].join(' ')}\` ${ending}:\n${lastLines(output, 30)}`);
}

/**
 * Starts a program that lives until stop() or until this script ends.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string | undefined; env?: NodeJS.ProcessEnv | undefined; stdin?: 'ignore' | 'pipe' }} [options]
 * @returns {ChildProcess}
 */
export function keep(command, args, { cwd, env = cleanEnvironment(), stdin = 'ignore' } = {}) {
  installHandlers();
  const windows = process.platform === 'win32';
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: [stdin, 'pipe', 'pipe'],
    detached: !windows,
    windowsHide: true,
  });
  kept.add(child);
  child.once('error', () => kept.delete(child));
  return child;
}

/**
 * Stops a kept process and everything in its group: asks, waits a moment, then kills.
 * @param {ChildProcess} child
 * @param {number} [patience] how long it gets to end by itself, in milliseconds; 0: nothing that it would still write is wanted
 * @returns {Promise<void>}
 */
export async function stop(child, patience = graceTime) {
  kept.delete(child);
  signalGroup(child, 'SIGTERM');
  const deadline = performance.now() + patience;
  while (groupIsAlive(child) && performance.now() < deadline) await delay(50);
  signalGroup(child, 'SIGKILL');
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit');
}

/**
 * @param {ChildProcess} child
 * @returns {boolean} false once stop() was asked for it: its end is no surprise then
 */
export function isKept(child) {
  return kept.has(child);
}

/**
 * Registers work that must be done when the script ends, however it ends by itself or by a signal.
 * @param {() => Promise<void>} work
 * @returns {() => void} takes the registration back
 */
export function atEnd(work) {
  installHandlers();
  cleanups.add(work);
  return () => cleanups.delete(work);
}

/** Does what atEnd() collected and stops everything that is kept. */
export async function stopEverything() {
  const works = [...cleanups];
  cleanups.clear();
  await Promise.allSettled(works.map((work) => work()));
  await Promise.allSettled([...kept].map((child) => stop(child)));
}

/**
 * This process's environment without what `npm start` adds to it: npm would take its own run's folders and settings
 * for those of a nested `npm` (code-server's installer reads the Node version from its user agent), and VS Code's variables would bind a new window to the one whose terminal this is.
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanEnvironment() {
  const foreign =
    /^(npm_(package|lifecycle|config_(local|global)_prefix|config_prefix|config_user_agent|node_execpath|execpath)|npm_command|INIT_CWD$|VSCODE_|ELECTRON_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/**
 * @param {string} text
 * @param {number} count
 * @returns {string}
 */
export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function installHandlers() {
  if (handlersInstalled) return;
  handlersInstalled = true;
  for (const [signal, code] of Object.entries(stopSignals)) {
    process.once(signal, () => void stopEverything().finally(() => process.exit(code)));
  }
  // The last resort when the script throws: no process outlives it.
  process.once('exit', () => {
    for (const child of kept) signalGroup(child, 'SIGKILL');
  });
}

/**
 * @param {ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true });
    else process.kill(-child.pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

/**
 * @param {ChildProcess} child
 * @returns {boolean}
 */
function groupIsAlive(child) {
  if (child.pid === undefined || process.platform === 'win32') return false;
  try {
    process.kill(-child.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a file can be run.
 * @param {string} path
 * @returns {boolean}
 */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
