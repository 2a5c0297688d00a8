// `npm run l10n`: writes l10n/bundle.l10n.json, the messages of host and pages that translations start from, and says what
// each translation lacks.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOfSources } from './lib/messages.mjs';
import { root } from './lib/places.mjs';
import { say } from './lib/terminal.mjs';

const folder = join(root, 'l10n');
const bundle = bundleOfSources();
writeFileSync(join(folder, 'bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);
say(`${Object.keys(bundle).length} messages`);
for (const name of readdirSync(folder).filter((file) => /^bundle\.l10n\.\w+\.json$/.test(file))) {
  const translated = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const missing = Object.keys(bundle).filter((message) => !(message in translated));
  const unused = Object.keys(translated).filter((message) => !(message in bundle));
  say(`${name}: ${missing.length} missing, ${unused.length} no longer used`);
  for (const message of missing) say(`  missing: ${message}`);
  for (const message of unused) say(`  unused: ${message}`);
}
