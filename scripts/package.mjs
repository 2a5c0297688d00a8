// `npm run package [-- --target linux-arm64]`: the VSIX of this or of the named platform, under artifacts/.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureNpmPackages } from './lib/npmPackages.mjs';
import { reason, say } from './lib/terminal.mjs';
import { currentTarget, ensureVsix } from './lib/vsix.mjs';

try {
  const { values } = parseArgs({ options: { target: { type: 'string', default: currentTarget() } } });
  await ensureNpmPackages();
  const path = await ensureVsix(values.target);
  say(`${path} (${(statSync(path).size / 1e6).toFixed(1)} MB)`);
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}
