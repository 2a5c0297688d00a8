// Three vitest projects: pure tests, GPU tests, and browser tests of the installed extension. Host tests run under mocha
// inside an extension host (test/host/run.mjs).
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { webPagesForVite } from './scripts/lib/webPages.mjs';

/** Loads WGSL and plain text as text, as esbuild does for the bundles; before Vite, to which .txt means an address. */
const texts = {
  name: 'texts',
  enforce: 'pre' as const,
  load(id: string): string | undefined {
    return /\.(wgsl|txt)$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : undefined;
  },
};

export default defineConfig({
  plugins: [texts, webPagesForVite],
  test: {
    projects: [
      {
        plugins: [texts, webPagesForVite],
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        plugins: [texts, webPagesForVite],
        // One process, one device: a GPU is shared badly, and every device costs start-up time.
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          maxWorkers: 1,
          isolate: false,
        },
      },
      {
        // Two VS Codes at a time: each has a server, an extension host, an engine and a browser, and waits for one of them half of
        // the time.
        test: {
          name: 'workbench',
          include: ['test/workbench/specs/**/*.spec.ts'],
          globalSetup: ['test/workbench/globalSetup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // How fast a machine is, no test knows.
          expect: { poll: { timeout: 20_000 } },
          pool: 'forks',
          maxWorkers: 2,
        },
      },
    ],
  },
});
