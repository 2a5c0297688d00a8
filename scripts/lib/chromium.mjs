// A Chromium for browser tests and for `npm start` without a display: finding one, and Debian's package when there is none.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { distribution, installPackages, rootPrefix } from './debian.mjs';
import { isProgram } from './processes.mjs';
import { step } from './terminal.mjs';

/** Programs on PATH. Ubuntu's chromium-browser is left out: it is a stub that asks for a snap. */
const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge', 'brave-browser'];

const usualPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...[process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].flatMap((base) =>
    base === undefined
      ? []
      : [join(base, 'Google/Chrome/Application/chrome.exe'), join(base, 'Microsoft/Edge/Application/msedge.exe')],
  ),
];

/** Flags for a Chromium that only looks at a loopback page: no first-run pages, no calls home, root allowed in containers. */
export const chromiumFlags = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Finds a Chromium or installs Debian's; throws with what to install when neither can be done.
 * @returns {Promise<string>} path of its program
 */
export async function ensureChromium() {
  const found = await findChromium();
  if (found !== null) return found;
  const system = distribution();
  // Ubuntu's package of that name is a stub that asks for a snap.
  const prefix = system?.debianLike && !system.ubuntuLike ? await rootPrefix() : null;
  if (prefix) {
    await step('Installing Chromium: the browser VS Code needs a browser, and none was found', () =>
      installPackages(prefix, ['chromium', 'fonts-dejavu-core']),
    );
    const installed = await findChromium();
    if (installed !== null) return installed;
  }
  throw new Error(`No Chromium or Chrome was found. ${chromiumAdvice()}`);
}

/** @returns {Promise<string | null>} the program named by CHROME_PATH, on PATH, in a usual place, or of Playwright */
export async function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (!isProgram(named)) throw new Error(`CHROME_PATH names ${named}, which is not a program.`);
    return named;
  }
  const onPath = names.flatMap((name) =>
    (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name)),
  );
  const found = [...onPath, ...usualPlaces].find(isProgram);
  if (found !== undefined) return found;
  const { chromium } = await import('playwright-core');
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : null;
}

/** @returns {string} */
function chromiumAdvice() {
  const system = distribution();
  const how =
    system?.debianLike && !system.ubuntuLike
      ? 'As root: apt-get install chromium'
      : system?.ubuntuLike
        ? "Ubuntu's chromium package is a snap; install Google Chrome's .deb, or run: npx playwright-core install --with-deps chromium"
        : 'Install Google Chrome, or run: npx playwright-core install chromium';
  return `${how}. A program elsewhere can be named by the environment variable CHROME_PATH.`;
}
