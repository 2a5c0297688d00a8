// Desktop VS Code (or a sibling) on this machine: finding it, and opening a window of its own with the extension.
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './places.mjs';
import { cleanEnvironment, isProgram } from './processes.mjs';

const names = ['code', 'code-insiders', 'codium', 'code-oss'];

/** A Linux without a display cannot open a window; macOS and Windows always can. */
export function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
}

/**
 * @returns {string | null} the program that GQA_LENS_CODE names or the first on PATH; null when none can open a window here
 */
export function findDesktopCode() {
  const named = process.env.GQA_LENS_CODE;
  if (named) {
    if (!isProgram(named)) throw new Error(`GQA_LENS_CODE names ${named}, which is not a program.`);
    return named;
  }
  // Under WSL, `code` is the Windows program, which does not take this environment over.
  if (!hasDisplay() || /microsoft/i.test(release())) return null;
  const suffix = process.platform === 'win32' ? '.cmd' : '';
  const places = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => places.map((place) => join(place, name + suffix))).filter(isProgram);
  // In the terminal of a remote window `code` is a messenger to that window, not a program that opens one.
  return found.find((path) => !/remote-cli|vscode-server/.test(realpathSync(path))) ?? null;
}

/**
 * Opens a window with profile folders of its own, so that it starts with this environment and nobody's settings change.
 * The window belongs to the user: it stays when the script ends.
 * @param {string} code program
 * @param {import('./webCode.mjs').Profile} profile
 * @param {string} folderToOpen
 * @param {Record<string, string>} env added to the environment
 */
export function openDesktopCode(code, profile, folderToOpen, env) {
  const args = [
    ...['--user-data-dir', profile.data, '--extensions-dir', profile.extensions],
    `--extensionDevelopmentPath=${root}`,
    ...['--new-window', '--disable-workspace-trust', '--skip-welcome'],
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    folderToOpen,
  ];
  const shell = process.platform === 'win32';
  const quoted = shell ? args.map((argument) => `"${argument}"`) : args;
  const environment = { ...cleanEnvironment(), ...env };
  spawn(shell ? `"${code}"` : code, quoted, { detached: true, stdio: 'ignore', shell, env: environment }).unref();
}
