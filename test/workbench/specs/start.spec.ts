// `npm start` as a user without a desktop VS Code meets it: it ends only after the explorer has really drawn the sample.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cleanEnvironment } from '../../../scripts/lib/processes.mjs';
import { root } from '../../../scripts/lib/places.mjs';

test('npm start shows the sample and says so', async () => {
  const script = join(root, 'scripts', 'start.mjs');
  const options = { cwd: root, env: cleanEnvironment(), timeout: 240_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--exit'], options);
  expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+\//);
  expect(stdout).toMatch(/The explorer is showing the sample checkpoint, [\d.]+ s after the start/);
}, 300_000);
