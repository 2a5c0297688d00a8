// Bundles a benchmark and runs it: node test/bench/run.mjs NAME [arguments]. With --build only the bundle is made.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { webPages } from '../../scripts/lib/webPages.mjs';

const [name = 'forward', ...rest] = process.argv.slice(2);
const outfile = join('dist', 'bench', `${name}.mjs`);
await esbuild.build({
  entryPoints: [join('test', 'bench', `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['webgpu'],
  loader: { '.wgsl': 'text', '.txt': 'text' },
  plugins: [webPages()],
  // As in esbuild.mjs: ESM bundles may contain CommonJS packages that call require().
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
if (!rest.includes('--build'))
  process.exit(spawnSync(process.execPath, [outfile, ...rest], { stdio: 'inherit' }).status ?? 1);
