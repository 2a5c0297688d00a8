// Builds every bundle of the product into dist/. Flags: --watch, --minify, --only name,name.
import * as esbuild from 'esbuild';
import { rm } from 'node:fs/promises';
import { webPages } from './scripts/lib/webPages.mjs';

const watch = process.argv.includes('--watch');
const minify = process.argv.includes('--minify');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined;

const node = {
  platform: 'node',
  target: 'node20',
  bundle: true,
  sourcemap: true,
  minify,
  loader: { '.wgsl': 'text', '.txt': 'text' },
  plugins: [webPages()],
};
// ESM bundles may contain CommonJS packages that call require().
const requireShim =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
const web = {
  platform: 'browser',
  target: 'chrome128',
  format: 'iife',
  bundle: true,
  sourcemap: true,
  minify,
  loader: { '.svg': 'text' },
};

/** @type {Record<string, import('esbuild').BuildOptions>} */
const bundles = {
  host: {
    ...node,
    entryPoints: ['src/extension.ts'],
    format: 'cjs',
    external: ['vscode'],
    outfile: 'dist/extension.cjs',
  },
  engine: {
    ...node,
    entryPoints: ['src/engine/main.ts'],
    format: 'esm',
    external: ['webgpu'],
    banner: { js: requireShim },
    outfile: 'dist/engine.mjs',
  },
  cli: {
    ...node,
    entryPoints: ['src/engine/cli.ts'],
    format: 'esm',
    external: ['webgpu'],
    banner: { js: `#!/usr/bin/env node\n${requireShim}` },
    outfile: 'dist/cli.js',
  },
  explorer: { ...web, entryPoints: ['webview/explorer/main.ts'], outfile: 'dist/webview/explorer.js' },
  diff: { ...web, entryPoints: ['webview/diff/main.ts'], outfile: 'dist/webview/diff.js' },
  sweep: { ...web, entryPoints: ['webview/sweep/main.ts'], outfile: 'dist/webview/sweep.js' },
  structure: { ...web, entryPoints: ['webview/structure/main.ts'], outfile: 'dist/webview/structure.js' },
};

const selected = Object.entries(bundles).filter(([name]) => !only || only.includes(name));
if (!only && !watch) await rm('dist', { recursive: true, force: true });
if (watch) {
  for (const [, options] of selected) await (await esbuild.context({ ...options, logLevel: 'info' })).watch();
} else {
  await Promise.all(selected.map(([, options]) => esbuild.build({ ...options, logLevel: 'warning' })));
}
