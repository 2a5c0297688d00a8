// `node scripts/setup.mjs`: everything that `npm start` and `npm test` need, installed when it is missing. Both do this
// by themselves; it is a script of its own for preparing a machine beforehand.
import { ensureChromium } from './lib/chromium.mjs';
import { ensureGpu } from './lib/gpu.mjs';
import { ensureNpmPackages } from './lib/npmPackages.mjs';
import { reason, say } from './lib/terminal.mjs';
import { ensureWebCode } from './lib/webCodeInstall.mjs';

try {
  await ensureNpmPackages();
  await ensureGpu();
  await ensureChromium();
  await ensureWebCode();
  say('Everything is in place.');
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}
