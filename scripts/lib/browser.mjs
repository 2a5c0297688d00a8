// The browser in front of the browser VS Code: the user's own, or a Chromium without a window.
import { spawn } from 'node:child_process';
import { chromiumFlags, ensureChromium } from './chromium.mjs';
import { atEnd } from './processes.mjs';

/**
 * Asks the desktop to open an address in the user's browser. Whether one appears cannot be known.
 * @param {string} address
 */
export function openUsersBrowser(address) {
  const [program, args] =
    process.platform === 'darwin'
      ? ['open', [address]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', address]]
        : ['xdg-open', [address]];
  spawn(program, args, { detached: true, stdio: 'ignore' })
    .on('error', () => undefined)
    .unref();
}

/**
 * Starts a Chromium without a window; it ends with the script.
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchChromium() {
  const executablePath = await ensureChromium();
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath,
    args: chromiumFlags,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  atEnd(() => browser.close());
  return browser;
}
