// Exports a conversion of every fixture with its logits beside it, for verify_export.py to load with transformers.
// Run after `npm run build`: node test/hf/make_exports.mjs FOLDER
// FOLDER gets NAME/ (the export) and NAME.safetensors (what `forward --out` computes from it) for each case.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('Usage: node test/hf/make_exports.mjs FOLDER\n');
  process.exit(2);
}
const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');
/** Token ids that every vocabulary has. */
const ids = Array.from({ length: 24 }, (_, position) => (position * 37 + 5) % 100).join();

/** @param {string[]} args */
const gqaLens = (...args) =>
  execFileSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/**
 * @param {string} name
 * @param {string} model
 * @param {string[]} options of convert
 */
function make(name, model, ...options) {
  process.stdout.write(`${name}\n`);
  const out = join(folder ?? '', name);
  gqaLens('convert', model, ...options, '--out', out, '--overwrite', '--json');
  const { layers } = JSON.parse(gqaLens('inspect', out, '--json'));
  const stacks = new Set(layers.map((/** @type {{ stack: string }} */ layer) => layer.stack));
  const decoder = stacks.size === 2 ? ['--decoder-ids', `0,${ids}`] : [];
  gqaLens('forward', out, '--ids', ids, ...decoder, '--out', `${out}.safetensors`, '--json');
}

mkdirSync(folder, { recursive: true });
const larger = readdirSync(join(fixtures, 'larger')).map((name) => join('larger', name));
for (const path of [...readdirSync(fixtures), ...larger]) {
  const model = join(fixtures, path);
  const name = basename(path);
  if (!existsSync(join(model, 'model.safetensors')) && !existsSync(join(model, 'model.safetensors.index.json')))
    continue;
  const { groupChoices, notRunnable } = JSON.parse(gqaLens('inspect', model, '--json'));
  const G = groupChoices.find((/** @type {number} */ choice, /** @type {number} */ index) => index > 0 && choice <= 2);
  if (notRunnable === null && G !== undefined) make(`${name}-gqa${G}`, model, '--groups', String(G), '--merge', 'pca');
}
const llama = join(fixtures, 'llama-mha');
make('llama-mha-strided', llama, '--groups', '4', '--grouping', 'strided', '--merge', 'mean');
make('llama-mha-bf16', llama, '--groups', '2', '--merge', 'mean', '--dtype', 'bf16');
for (const name of ['gpt2', 'opt']) {
  make(`${name}-bigcode`, join(fixtures, name), '--groups', '1', '--merge', 'pca', '--format', 'equivalent');
}
make('sample-gqa2', join(root, 'media/sample'), '--groups', '2', '--merge', 'pca');
