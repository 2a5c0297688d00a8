// The installable package (VSIX) of one platform: the bundles, the media and that platform's WebGPU binary.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { fingerprint, isFresh, setFresh } from './freshness.mjs';
import { artifacts, folder, root } from './places.mjs';
import { run } from './processes.mjs';
import { step } from './terminal.mjs';

/** VS Code's name of a platform, and the folder of its binary in the `webgpu` package. */
const binaries = /** @type {Record<string, string>} */ ({
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-universal',
  'darwin-arm64': 'darwin-universal',
  'win32-x64': 'win32-x64',
  'win32-arm64': 'win32-arm64',
});

const inputs = [
  ...[
    'dist',
    'media',
    'package.json',
    'package.nls.json',
    'package.nls.de.json',
    'l10n',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    '.vscodeignore',
  ],
  ...['node_modules/webgpu/package.json', 'scripts/lib/vsix.mjs'],
];

/** @returns {string} VS Code's name of the platform that this script runs on */
export function currentTarget() {
  return `${process.platform}-${process.arch}`;
}

/**
 * Builds and packs; does nothing when the package is that of the sources already.
 * @param {string} [target]
 * @returns {Promise<string>} path of the package
 */
export async function ensureVsix(target = currentTarget()) {
  await ensureBuilt();
  /** @type {{ name: string; version: string }} */
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = `artifacts/${name}-${target}-${version}.vsix`;
  const path = join(root, file);
  const stamp = `vsix-${target}`;
  if (!isFresh(stamp, fingerprint([...inputs, file]))) {
    await step(`Packing the extension for ${target}`, () => pack(target, path));
    setFresh(stamp, fingerprint([...inputs, file]));
  }
  return path;
}

/**
 * @param {string} target
 * @param {string} path of the package to write
 */
async function pack(target, path) {
  const binary = binaries[target];
  if (binary === undefined) {
    throw new Error(`There is no WebGPU binary for ${target}. Targets: ${Object.keys(binaries).join(', ')}.`);
  }
  if (!existsSync(join(root, 'node_modules', 'webgpu', 'dist', binary))) {
    throw new Error(`node_modules/webgpu/dist/${binary} is missing: run npm ci.`);
  }
  folder(artifacts);
  const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-'));
  const ignoreFile = join(temporary, 'vscodeignore');
  try {
    const whitelist = readFileSync(join(root, '.vscodeignore'), 'utf8');
    writeFileSync(ignoreFile, `${whitelist}!node_modules/webgpu/dist/${binary}/**\n`);
    const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
    const options = ['--target', target, '--out', path, '--ignoreFile', ignoreFile];
    const looks = ['--allow-missing-repository', '--no-rewrite-relative-links'];
    await run(process.execPath, [vsce, 'package', ...options, ...looks], { cwd: root });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
