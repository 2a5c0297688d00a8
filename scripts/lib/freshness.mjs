// Is a result still that of its inputs? Answered by a fingerprint of the inputs' names, sizes and times, kept in a
// stamp file. No content is read, so that asking costs milliseconds.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folder, root, stamps } from './places.mjs';

/**
 * @param {readonly string[]} inputs files and folders, relative to the root; what does not exist counts as absent
 * @returns {string}
 */
export function fingerprint(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) addEntry(hash, input);
  return hash.digest('hex');
}

/**
 * @param {string} name of the result
 * @param {string} print fingerprint of its inputs
 * @returns {boolean}
 */
export function isFresh(name, print) {
  try {
    return readFileSync(join(stamps, name), 'utf8') === print;
  } catch {
    return false;
  }
}

/**
 * @param {string} name of the result
 * @param {string} print
 */
export function setFresh(name, print) {
  const file = join(stamps, name);
  folder(dirname(file));
  writeFileSync(file, print);
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} path
 */
function addEntry(hash, path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) addEntry(hash, `${path}/${name}`);
  } else {
    hash.update(`${path}\0${stats ? `${stats.size} ${stats.mtimeMs}` : 'absent'}\n`);
  }
}
