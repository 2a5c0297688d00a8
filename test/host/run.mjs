// Runs the suites of test/host/suites inside a real extension host: that of the browser VS Code, which a Chromium without
// a window keeps company. Writes a TestReport to the file named by GQA_LENS_TEST_REPORT and to artifacts/ without it.
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { launchChromium } from '../../scripts/lib/browser.mjs';
import { ensureBuilt } from '../../scripts/lib/build.mjs';
import { artifacts, root } from '../../scripts/lib/places.mjs';
import { atEnd, stopEverything } from '../../scripts/lib/processes.mjs';
import { reason, say } from '../../scripts/lib/terminal.mjs';
import { readReport } from '../../scripts/lib/testReport.mjs';
import { makeProfile, quietSettings, startServer } from '../../scripts/lib/webCode.mjs';
import { ensureWebCode } from '../../scripts/lib/webCodeInstall.mjs';

/** Longest time of a whole run, in milliseconds. */
const limit = 10 * 60_000;

const marks = { passed: '✓', failed: '✗', skipped: '-' };

const bundles = join(artifacts, 'host-tests');
const reportFile = process.env.GQA_LENS_TEST_REPORT ?? join(artifacts, 'test-reports', 'host.json');

try {
  rmSync(reportFile, { force: true });
  await bundleSuites();
  await ensureBuilt();
  await runInExtensionHost();
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exitCode = 1;
}
await stopEverything();
process.exit();

async function bundleSuites() {
  const suites = (await readdir(join(root, 'test', 'host', 'suites'))).filter((name) => name.endsWith('.test.ts'));
  rmSync(bundles, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['test/host/index.ts', ...suites.map((name) => `test/host/suites/${name}`)],
    outdir: bundles,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    bundle: true,
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    loader: { '.wgsl': 'text' },
    logLevel: 'warning',
  });
}

async function runInExtensionHost() {
  const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-host-'));
  atEnd(async () => rmSync(temporary, { recursive: true, force: true }));
  const profile = makeProfile(temporary, quietSettings);
  const env = { GQA_LENS_TEST_REPORT: reportFile };
  const server = await startServer(await ensureWebCode(), { profile, token: null, testDriver: true, env });
  const remote = (/** @type {string} */ path) => `vscode-remote://127.0.0.1:${server.port}${path}`;
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', remote(root)],
    ['extensionTestsPath', remote(join(bundles, 'index.cjs'))],
    ['skipWelcome', 'true'],
  ]);

  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => {
    void page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => resolve(code));
  });
  /** @type {string[]} what the window's console said: of interest only when there is no report */
  const windowErrors = [];
  await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ values) => {
    if (type === 'error') windowErrors.push(values.map(String).join(' '));
  });
  await page.goto(server.address(join(root, 'test', 'fixtures'), { payload }));
  const timer = setTimeout(() => {
    process.stderr.write(`The host tests did not end within ${limit / 60_000} minutes.\n`);
    void stopEverything().finally(() => process.exit(1));
  }, limit);
  const died = server.ended.then((message) => {
    throw new Error(message);
  });
  const code = await Promise.race([exited, died]);
  clearTimeout(timer);
  if (code !== 0) process.exitCode = 1;
  const report = readReport(reportFile);
  if (!report)
    throw new Error(`The extension host ended without a report (exit code ${code}):\n${windowErrors.join('\n')}`);
  for (const { name, state, message } of report.tests) say(`${marks[state]} ${name}${message && `\n${message}`}`);
  for (const problem of report.problems) say(problem);
}
