// A running browser VS Code on loopback, in a profile of its own. It neither installs the program nor opens a browser.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { URLSearchParams } from 'node:url';
import { attempt, cleanEnvironment, isKept, keep, lastLines, stop } from './processes.mjs';

/** @typedef {import('./webCodeInstall.mjs').WebCode} WebCode */

/**
 * @typedef {object} Profile folders of one VS Code user
 * @property {string} data
 * @property {string} extensions
 */

/**
 * @typedef {object} ServerOptions
 * @property {Profile} profile
 * @property {string | null} token what an address must carry; null: none is asked (tests only)
 * @property {boolean} [testDriver] accept the payload that host tests come with
 * @property {NodeJS.ProcessEnv} [env] added to the environment; the extension host inherits it
 */

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {number | undefined} processGroup of the server and of all that it starts
 * @property {(folder: string, extra?: Record<string, string>) => string} address of a window with a folder open
 * @property {() => string} log what the server wrote so far
 * @property {Promise<string>} ended why the server died; stays open when it is stopped on purpose
 * @property {(patience?: number) => Promise<void>} stop with the milliseconds that it gets to end by itself
 */

/** Settings of a VS Code that shows GQA Lens and nothing else. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.enabled': false,
};

/**
 * Makes a profile's folders, with settings when it has none yet.
 * @param {string} directory
 * @param {Record<string, unknown>} [settings]
 * @returns {Profile}
 */
export function makeProfile(directory, settings = quietSettings) {
  const profile = { data: join(directory, 'data'), extensions: join(directory, 'extensions') };
  mkdirSync(join(profile.data, 'User'), { recursive: true });
  mkdirSync(profile.extensions, { recursive: true });
  if (!existsSync(settingsFile(profile))) writeSettings(profile, settings);
  return profile;
}

/**
 * Changes settings of a profile; a running VS Code follows at once.
 * @param {Profile} profile
 * @param {Record<string, unknown>} changes
 */
export function writeSettings(profile, changes) {
  const file = settingsFile(profile);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  writeFileSync(file, `${JSON.stringify({ ...before, ...changes }, null, 2)}\n`);
}

/**
 * @param {WebCode} webCode
 * @param {Profile} profile
 * @param {string} vsix path of the package
 */
export async function installExtension({ node, server }, profile, vsix) {
  const folders = [
    '--server-data-dir',
    profile.data,
    '--user-data-dir',
    profile.data,
    '--extensions-dir',
    profile.extensions,
  ];
  const { code, output } = await attempt(
    node,
    [server, '--accept-server-license-terms', ...folders, '--install-extension', vsix, '--force'],
    { timeout: 120_000 },
  );
  if (code !== 0 || !/successfully installed/i.test(output))
    throw new Error(`VS Code did not install ${vsix}:\n${lastLines(output, 15)}`);
}

/**
 * Installs a package into a profile unless this very file is there already.
 * @param {WebCode} webCode
 * @param {Profile} profile
 * @param {string} vsix path of the package
 */
export async function ensureInstalled(webCode, profile, vsix) {
  const { size, mtimeMs } = statSync(vsix);
  const installed = `${webCode.server} ${vsix} ${size} ${mtimeMs}`;
  const stamp = join(profile.extensions, 'gqa-lens.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === installed) return;
  await installExtension(webCode, profile, vsix);
  writeFileSync(stamp, installed);
}

/**
 * Starts VS Code's server on a free port of loopback and waits until it listens.
 * @param {WebCode} webCode
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 */
export async function startServer({ node, server }, { profile, token, testDriver = false, env = {} }) {
  const child = keep(
    node,
    [
      server,
      ...['--host', '127.0.0.1', '--port', '0'],
      ...(token === null ? ['--without-connection-token'] : ['--connection-token', token]),
      '--accept-server-license-terms',
      ...(testDriver ? ['--enable-smoke-test-driver'] : []),
      ...['--server-data-dir', profile.data, '--user-data-dir', profile.data, '--extensions-dir', profile.extensions],
      '--disable-workspace-trust',
      ...['--telemetry-level', 'off'],
    ],
    { env: { ...cleanEnvironment(), ...env } },
  );
  let log = '';
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (isKept(child)) resolve(`VS Code's server ended (${signal ?? code}):\n${lastLines(log, 15)}`);
    });
  });
  /** @type {Promise<number>} */
  const listening = new Promise((resolve) => {
    const read = (/** @type {Buffer} */ piece) => {
      log += piece.toString();
      const match = /Extension host agent listening on (\d+)/.exec(log);
      if (match) resolve(Number(match[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
  const port = await Promise.race([
    listening,
    ended.then((message) => {
      throw new Error(message);
    }),
  ]);
  return {
    port,
    processGroup: child.pid,
    address: (folder, extra = {}) => {
      const query = new URLSearchParams({ ...(token === null ? {} : { tkn: token }), folder, ...extra });
      return `http://127.0.0.1:${port}/?${query}`;
    },
    log: () => log,
    ended,
    stop: (patience) => stop(child, patience),
  };
}

/**
 * @param {Profile} profile
 * @returns {string}
 */
function settingsFile(profile) {
  return join(profile.data, 'User', 'settings.json');
}
