/**
 * Which Node runs the engine: an ordered list of candidates, each tried by a short probe in a process of its own.
 * Role: the choice. Starting and watching the chosen one is engineChild.ts. A real Node comes before the editor's own
 * runtime because Electron refuses the external buffers that GPU readback uses.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { RuntimeCandidate } from '../protocol/gpu';

/** How to start a Node. */
export interface Runtime {
  path: string;
  /** The path is Electron and becomes a Node by an environment variable. */
  isElectron: boolean;
}

/** A runtime that can run the engine, and everything that was tried to find it. */
export interface RuntimeChoice {
  runtime: Runtime;
  /** Whether the probe read data back from a GPU; without, everything that needs no GPU still works. */
  hasGpu: boolean;
  tried: RuntimeCandidate[];
}

interface Candidate extends Runtime {
  origin: string;
}

interface ProbeReport {
  ok: boolean;
  /** "v20.20.2" */
  node: string;
  reason: string;
}

/** A cold driver compiles its shaders within seconds; longer means that it hangs. */
const probeLimitMilliseconds = 20_000;
const oldestNode = 20;
const executable = process.platform === 'win32' ? 'node.exe' : 'node';

/**
 * Tries the candidates in order until one reaches a GPU. If none does, the first that starts is chosen.
 * @returns the choice, or the list of what was tried when no candidate starts at all.
 */
export async function chooseRuntime(
  distFolder: string,
  nodePath: string,
  environment: NodeJS.ProcessEnv,
): Promise<RuntimeChoice | { runtime: null; tried: RuntimeCandidate[] }> {
  const tried: RuntimeCandidate[] = [];
  let fallback: Runtime | null = null;
  for (const { origin, path, isElectron } of await candidates(distFolder, nodePath)) {
    const runtime = { path, isElectron };
    const outcome = await probe(runtime, join(distFolder, 'engine.mjs'), environment);
    tried.push({ origin, path, version: outcome.version, ok: outcome.hasGpu, reason: outcome.reason });
    if (outcome.hasGpu) return { runtime, hasGpu: true, tried };
    if (outcome.starts) fallback ??= runtime;
  }
  return fallback === null ? { runtime: null, tried } : { runtime: fallback, hasGpu: false, tried };
}

/** The environment of a process under this runtime: the editor's own Electron switch never leaks into a real Node. */
export function environmentFor(runtime: Runtime, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...environment };
  delete result.ELECTRON_RUN_AS_NODE;
  if (runtime.isElectron) result.ELECTRON_RUN_AS_NODE = '1';
  return result;
}

async function candidates(distFolder: string, nodePath: string): Promise<Candidate[]> {
  const isElectron = process.versions.electron !== undefined;
  const shipped = join(distFolder, 'node', executable);
  const onPath = await firstExecutable(
    (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, executable)),
  );
  const list: Candidate[] = [];
  if (nodePath !== '') list.push({ origin: 'setting', path: nodePath, isElectron: false });
  if (!isElectron) list.push({ origin: 'this process', path: process.execPath, isElectron: false });
  if (await isExecutable(shipped))
    list.push({ origin: 'shipped with the extension', path: shipped, isElectron: false });
  if (onPath !== null) list.push({ origin: 'PATH', path: onPath, isElectron: false });
  if (isElectron) list.push({ origin: "the editor's own", path: process.execPath, isElectron: true });
  return list.filter((one, place) => list.findIndex((other) => other.path === one.path) === place);
}

interface ProbeOutcome {
  starts: boolean;
  hasGpu: boolean;
  version: string | null;
  reason: string;
}

function probe(runtime: Runtime, engineFile: string, environment: NodeJS.ProcessEnv): Promise<ProbeOutcome> {
  const failed = (reason: string): ProbeOutcome => ({ starts: false, hasGpu: false, version: null, reason });
  return new Promise((resolve) => {
    execFile(
      runtime.path,
      [engineFile, '--probe'],
      {
        env: environmentFor(runtime, environment),
        timeout: probeLimitMilliseconds,
        killSignal: 'SIGKILL',
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        const report = parseReport(stdout);
        const lastWords = stderr.trim().split('\n').at(-1) ?? '';
        if (error?.killed === true) resolve(failed(`the probe did not end within ${probeLimitMilliseconds / 1000} s`));
        else if (error) resolve(failed([describeExit(error), lastWords].filter(Boolean).join(': ')));
        else if (report === null) resolve(failed('the probe said nothing'));
        else if (majorVersion(report.node) < oldestNode)
          resolve({ ...failed(`older than Node ${oldestNode}`), version: report.node });
        else resolve({ starts: true, hasGpu: report.ok, version: report.node, reason: report.reason });
      },
    );
  });
}

function describeExit(error: {
  code?: string | number | null;
  signal?: NodeJS.Signals | null;
  message: string;
}): string {
  if (typeof error.signal === 'string') return `ended by ${error.signal}`;
  return typeof error.code === 'number' ? `ended with code ${error.code}` : error.message;
}

function parseReport(stdout: string): ProbeReport | null {
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (line === undefined) return null;
  try {
    const { ok, node, reason } = JSON.parse(line) as Record<string, unknown>;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    return { ok: ok === true, node: /v\d+\.\d+\.\d+/.exec(text(node))?.[0] ?? 'v0', reason: text(reason) };
  } catch {
    return null;
  }
}

function majorVersion(version: string): number {
  return Number(version.slice(1).split('.')[0]);
}

async function firstExecutable(paths: string[]): Promise<string | null> {
  for (const path of paths) if (await isExecutable(path)) return path;
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
