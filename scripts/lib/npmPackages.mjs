// The project's own npm packages. They are installed when what lies in node_modules is not what the lockfile says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, run } from './processes.mjs';
import { root } from './places.mjs';
import { step } from './terminal.mjs';

/** @typedef {Record<string, { version?: string; optional?: boolean; devOptional?: boolean }>} LockedPackages */

/** Runs `npm ci` when it is needed; install scripts stay off: nothing that the project uses needs one. */
export async function ensureNpmPackages() {
  if (packagesAreCurrent(root)) return;
  await step("Installing the project's npm packages: they are missing or not those of package-lock.json", () =>
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root }),
  );
}

/**
 * Runs npm, whichever way this machine has it.
 * @param {readonly string[]} args
 * @param {{ cwd: string; env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>}
 */
export function npm(args, { cwd, env = cleanEnvironment() }) {
  const windows = process.platform === 'win32';
  return windows ? run('cmd.exe', ['/d', '/c', 'npm', ...args], { cwd, env }) : run('npm', args, { cwd, env });
}

/**
 * @param {string} directory of a package.json with a lockfile
 * @returns {boolean} whether every package that this platform needs is installed in the locked version
 */
export function packagesAreCurrent(directory) {
  const locked = readPackages(join(directory, 'package-lock.json'));
  const installed = readPackages(join(directory, 'node_modules', '.package-lock.json'));
  if (!locked || !installed) return false;
  return Object.entries(locked).every(([path, { version, optional = false, devOptional = false }]) => {
    const found = installed[path];
    return path === '' || (found ? found.version === version : optional || devOptional);
  });
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function readPackages(file) {
  try {
    /** @type {{ packages: LockedPackages }} */
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    return lock.packages;
  } catch {
    return undefined;
  }
}
