// Where things lie: the project, its working files, and the cache that outlives a clone. No logic beyond paths.
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Logs, reports, screenshots and test bundles; ignored by git. */
export const artifacts = join(root, 'artifacts');

/** What is costly to make and the same for every clone: the browser VS Code, the profile of `npm start`. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gqa-lens');

/** Small files that say what was built from which inputs; they vanish with node_modules, as they should. */
export const stamps = join(root, 'node_modules', '.cache', 'gqa-lens');

/**
 * Makes a folder with its parents.
 * @param {string} path
 * @returns {string} the same path
 */
export function folder(path) {
  mkdirSync(path, { recursive: true });
  return path;
}
