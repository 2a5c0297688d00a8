// Two vitest projects: pure tests and GPU tests. Host and workbench tests have runners of their own (scripts/test.mjs).
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Loads WGSL as text, as esbuild does for the bundles. */
const wgsl = {
  name: 'wgsl',
  load(id: string): string | undefined {
    return id.endsWith('.wgsl') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : undefined;
  },
};

export default defineConfig({
  plugins: [wgsl],
  test: {
    projects: [
      { plugins: [wgsl], test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        plugins: [wgsl],
        // One process, one device: a GPU is shared badly, and every device costs start-up time.
        test: { name: 'gpu', include: ['test/gpu/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, pool: 'forks', maxWorkers: 1, isolate: false },
      },
    ],
  },
});
