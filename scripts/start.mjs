// `npm start`: from a bare clone to GQA Lens showing its sample checkpoint, in desktop VS Code where there is one, else in
// a browser VS Code on loopback. Flags: --exit ends after the panel showed; --profile DIR uses another profile folder.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/build.mjs';
import { launchChromium, openUsersBrowser } from './lib/browser.mjs';
import { findDesktopCode, hasDisplay, openDesktopCode } from './lib/desktopCode.mjs';
import { ensureGpu } from './lib/gpu.mjs';
import { ensureNpmPackages } from './lib/npmPackages.mjs';
import { artifacts, cache, folder, root } from './lib/places.mjs';
import { atEnd, stopEverything } from './lib/processes.mjs';
import { reason, say, seconds } from './lib/terminal.mjs';
import { ensureInstalled, makeProfile, startServer } from './lib/webCode.mjs';
import { ensureWebCode } from './lib/webCodeInstall.mjs';
import { ensureVsix } from './lib/vsix.mjs';

/** How long the panel may take before something must be wrong, in milliseconds; a first start on a slow machine fits. */
const patience = 180_000;

const sample = join(root, 'media', 'sample');

/** @typedef {{ panel: string; runId: string; milliseconds: number }} Ready what the extension writes when its maps are drawn */

try {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean', default: false }, profile: { type: 'string', default: join(cache, 'start') } },
  });
  await start(values.profile, values.exit);
} catch (error) {
  await stopEverything();
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}

/**
 * @param {string} profileFolder
 * @param {boolean} exit
 */
async function start(profileFolder, exit) {
  const begun = performance.now();
  const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-'));
  atEnd(async () => rmSync(temporary, { recursive: true, force: true }));
  const readyFile = join(temporary, 'ready.json');
  const env = { GQA_LENS_START: 'sample', GQA_LENS_READY_FILE: readyFile };

  await ensureNpmPackages();
  await ensureGpu();
  const desktop = findDesktopCode();
  if (desktop !== null) {
    await ensureBuilt();
    say(`Opening ${desktop} with the extension and the sample checkpoint …`);
    openDesktopCode(desktop, makeProfile(join(profileFolder, 'desktop')), sample, env);
    report(await waitForPanel(readyFile, patience, 'Is your VS Code 1.100 or newer?'), begun);
  } else {
    await startInBrowser(makeProfile(join(profileFolder, 'browser')), env, readyFile, begun, exit);
  }
  await stopEverything();
  process.exit(0);
}

/**
 * @param {import('./lib/webCode.mjs').Profile} profile
 * @param {Record<string, string>} env
 * @param {string} readyFile
 * @param {number} begun
 * @param {boolean} exit
 */
async function startInBrowser(profile, env, readyFile, begun, exit) {
  const webCode = await ensureWebCode();
  await ensureInstalled(webCode, profile, await ensureVsix());
  const server = await startServer(webCode, { profile, token: randomBytes(16).toString('hex'), env });
  const address = server.address(sample);
  say(`VS Code runs at ${address}`);
  const died = server.ended.then((message) => {
    throw new Error(message);
  });
  if (hasDisplay() && !exit) {
    openUsersBrowser(address);
    report(await Promise.race([waitForPanel(readyFile, Infinity, ''), died]), begun);
  } else {
    if (!exit) say('No display: opening it in a Chromium without a window, to see that the panel appears …');
    report(await Promise.race([showWithoutWindow(address, readyFile), died]), begun);
  }
  if (exit) return;
  say('Serving until Ctrl+C.');
  await died;
}

/**
 * Opens the page in a Chromium without a window until the panel has shown; keeps a screenshot when it does not.
 * @param {string} address
 * @param {string} readyFile
 * @returns {Promise<Ready>}
 */
async function showWithoutWindow(address, readyFile) {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await page.goto(address);
  try {
    return await waitForPanel(readyFile, patience, 'A screenshot is at artifacts/start-failed.png.');
  } catch (error) {
    await page.screenshot({ path: join(folder(artifacts), 'start-failed.png') });
    throw error;
  } finally {
    await page.close({ runBeforeUnload: true });
    await browser.close();
  }
}

/**
 * @param {string} readyFile
 * @param {number} limit milliseconds
 * @param {string} hint what to look at when the limit passes
 * @returns {Promise<Ready>}
 */
async function waitForPanel(readyFile, limit, hint) {
  const begun = performance.now();
  while (performance.now() - begun < limit) {
    const text = existsSync(readyFile) ? readFileSync(readyFile, 'utf8') : '';
    if (text.endsWith('\n')) return JSON.parse(text);
    await delay(50);
  }
  throw new Error(`The explorer did not appear within ${seconds(limit)}. ${hint}`);
}

/**
 * @param {Ready} ready
 * @param {number} begun
 */
function report({ milliseconds }, begun) {
  const total = seconds(performance.now() - begun);
  say(
    `The explorer is showing the sample checkpoint, ${total} after the start (${seconds(milliseconds)} after the extension woke).`,
  );
}
