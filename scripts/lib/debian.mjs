// Debian and Ubuntu packages: what is installed, and installing what is missing when this user may. Knows nothing about
// why a package is wanted.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, cleanEnvironment, run } from './processes.mjs';

const sourceFolder = '/etc/apt/sources.list.d';

/**
 * The distribution by its own words, or null elsewhere than on Linux.
 * @returns {{ id: string; codename: string; debianLike: boolean; ubuntuLike: boolean } | null}
 */
export function distribution() {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return null;
  const fields = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => /^(\w+)="?([^"]*)"?$/.exec(line))
      .flatMap((match) => (match ? [[match[1], match[2]]] : [])),
  );
  const names = [fields.ID ?? '', ...(fields.ID_LIKE ?? '').split(' ')];
  const ubuntuLike = names.includes('ubuntu');
  return {
    id: fields.ID ?? '',
    codename: fields.VERSION_CODENAME ?? '',
    debianLike: names.includes('debian') || ubuntuLike,
    ubuntuLike,
  };
}

/**
 * What to put before a command that needs root: nothing as root, sudo where it asks no password, null where neither is.
 * @returns {Promise<readonly string[] | null>}
 */
export async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return (await attempt('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : null;
}

/**
 * @param {readonly string[]} packages
 * @returns {Promise<string[]>} those that are not installed
 */
export async function missingPackages(packages) {
  const { stdout } = await attempt('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages]);
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs packages; throws with apt's last lines when that fails.
 * @param {readonly string[]} prefix from rootPrefix
 * @param {readonly string[]} packages
 * @param {string} [suite] to take them from, e.g. "bookworm-backports"
 */
export async function installPackages(prefix, packages, suite) {
  await asRoot(prefix, ['apt-get', '-o', 'DPkg::Lock::Timeout=600', 'update']);
  const target = suite === undefined ? [] : ['-t', suite];
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600'];
  await asRoot(prefix, ['apt-get', 'install', ...options, ...target, ...packages]);
}

/**
 * Adds a suite beside the distribution's own sources: same mirror, same key. Does nothing when it is already known.
 * @param {readonly string[]} prefix from rootPrefix
 * @param {string} suite e.g. "bookworm-backports"
 */
export async function addSuite(prefix, suite) {
  const sources = sourceFiles().map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  const suiteInUse = new RegExp(`^(?!\\s*#).*\\b${suite}\\b`, 'm');
  if (sources.some(({ text }) => suiteInUse.test(text))) return;
  const base = suite.replace(/-.*$/, '');
  const found = sources.map(({ text }) => describeSource(text, base)).find((source) => source !== undefined);
  if (!found) throw new Error(`No package source for ${base} was found in ${sourceFolder}: cannot add ${suite}.`);
  const key = found.signedBy === undefined ? '' : `Signed-By: ${found.signedBy}\n`;
  const text = `# Added by GQA Lens for a Vulkan driver that is new enough.\nTypes: deb\nURIs: ${found.uri}\nSuites: ${suite}\nComponents: main\n${key}`;
  await asRoot(prefix, ['tee', join(sourceFolder, `gqa-lens-${suite}.sources`)], text);
}

/**
 * Mirror and key of the entry that serves a suite, from either spelling of apt's source files.
 * @param {string} text of a .sources (deb822) or .list file
 * @param {string} suite e.g. "bookworm"
 * @returns {{ uri: string; signedBy: string | undefined } | undefined}
 */
export function describeSource(text, suite) {
  for (const line of text.split('\n')) {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line);
    if (match?.[2] !== undefined && match[3] === suite) {
      return { uri: match[2], signedBy: /signed-by=(\S+)/.exec(match[1] ?? '')?.[1] };
    }
  }
  for (const stanza of text.split(/\n\s*\n/)) {
    // A field's value may go on in indented lines: a key can stand there in full.
    const field = (/** @type {string} */ name) =>
      new RegExp(`^${name}:([^\\n]*(?:\\n[ \\t]+[^\\n]*)*)`, 'mi').exec(stanza)?.[1]?.replace(/^[ \t]+/, '');
    const uri = field('URIs')?.split(/\s+/)[0];
    if (uri !== undefined && field('Suites')?.split(/\s+/).includes(suite))
      return { uri, signedBy: field('Signed-By') };
  }
  return undefined;
}

/** @returns {string[]} */
function sourceFiles() {
  const extra = existsSync(sourceFolder)
    ? readdirSync(sourceFolder).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  return [...extra.map((name) => join(sourceFolder, name)), '/etc/apt/sources.list'].filter((file) => existsSync(file));
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} command
 * @param {string} [input]
 */
async function asRoot(prefix, command, input) {
  const [program = '', ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  await run(program, args, { env: { ...cleanEnvironment(), LC_ALL: 'C' }, ...(input === undefined ? {} : { input }) });
}
