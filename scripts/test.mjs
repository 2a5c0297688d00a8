// `npm test`: from a bare clone to one line of counts. Lint and types run at the same time, other sections one after the
// other; a section that crashes, hangs or runs no test counts as failed. `-- --only unit,gpu` runs some sections.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from './lib/chromium.mjs';
import { inTurn } from './lib/cores.mjs';
import { ensureGpu } from './lib/gpu.mjs';
import { ensureNpmPackages } from './lib/npmPackages.mjs';
import { artifacts, folder, root } from './lib/places.mjs';
import { attempt, cleanEnvironment, lastLines, stopEverything } from './lib/processes.mjs';
import { reason, say, seconds } from './lib/terminal.mjs';
import { readReport } from './lib/testReport.mjs';
import { ensureWebCode } from './lib/webCodeInstall.mjs';

/** @typedef {import('./lib/testReport.mjs').TestResult} TestResult */

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {number} limit minutes after which it counts as hung
 * @property {true} [beside] runs at the same time as its neighbours of this kind: its tools use one core each
 * @property {(limit: number) => Promise<TestResult[]>} run
 */

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);
const tsc = bin('typescript/bin/tsc');

/** @type {Record<string, Section>} */
const sections = {
  lint: {
    title: 'Lint (eslint, prettier)',
    limit: 5,
    beside: true,
    run: (limit) =>
      runTools('lint', limit, [
        [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
        [bin('prettier/bin/prettier.cjs'), '--check', '.', '--log-level', 'warn'],
      ]),
  },
  types: {
    title: 'Type check',
    limit: 5,
    beside: true,
    run: (limit) =>
      runTools('type check', limit, [
        [tsc, '-p', 'tsconfig.node.json'],
        [tsc, '-p', 'tsconfig.webview.json'],
        [tsc, '-p', 'tsconfig.scripts.json'],
      ]),
  },
  unit: { title: 'Pure tests', limit: 8, run: (limit) => runVitest('unit', limit) },
  gpu: { title: 'GPU tests', limit: 12, run: (limit) => runVitest('gpu', limit) },
  host: {
    title: 'Host tests (a real extension host)',
    limit: 15,
    run: (limit) => runReporting('host', limit, [join(root, 'test', 'host', 'run.mjs')]),
  },
  workbench: {
    title: 'Browser tests (the installed VSIX)',
    limit: 35,
    run: (limit) => runVitest('workbench', limit),
  },
};

try {
  const { values } = parseArgs({ options: { only: { type: 'string', default: Object.keys(sections).join(',') } } });
  const chosen = values.only.split(',').map((name) => {
    const section = sections[name];
    if (!section) throw new Error(`There is no section "${name}". Sections: ${Object.keys(sections).join(', ')}.`);
    return { name, section };
  });
  await ensureNpmPackages();
  const needed = (/** @type {string[]} */ ...names) => chosen.some(({ name }) => names.includes(name));
  if (needed('gpu', 'host', 'workbench')) await ensureGpu();
  if (needed('host', 'workbench')) {
    await ensureChromium();
    await ensureWebCode();
  }
  const results = [];
  const beside = chosen.filter(({ section }) => section.beside);
  const alone = chosen.filter(({ section }) => !section.beside);
  for (const found of await Promise.all(beside.map(({ section }) => runSection(section)))) results.push(...found);
  for (const { section } of alone) results.push(...(await runSection(section)));
  await stopEverything();
  summarise(results);
} catch (error) {
  await stopEverything();
  process.stderr.write(`${reason(error)}\n`);
  say('0 passed, 1 failed');
  process.exit(1);
}

/**
 * Runs a section and says its counts and time.
 * @param {Section} section
 * @returns {Promise<TestResult[]>}
 */
async function runSection({ title, limit, run }) {
  const begun = performance.now();
  const results = await run(limit * 60_000);
  const failed = results.filter(({ state }) => state === 'failed');
  say(`${failed.length > 0 ? '✗' : '✓'} ${title}: ${counts(results)} (${seconds(performance.now() - begun)})`);
  for (const { name, message } of failed) say(`    ✗ ${name}\n${message.replace(/^/gm, '        ')}`);
  return results;
}

/**
 * Tools without tests of their own: all of them together are one test. As many run at a time as there are cores.
 * @param {string} name
 * @param {number} limit milliseconds
 * @param {readonly string[][]} tools arguments of Node
 * @returns {Promise<TestResult[]>}
 */
async function runTools(name, limit, tools) {
  /** @type {string[]} */
  const messages = [];
  const check = async (/** @type {readonly string[]} */ args) => {
    const { code, output, timedOut } = await attempt(process.execPath, args, { cwd: root, timeout: limit });
    if (timedOut) messages.push(`did not end within ${seconds(limit)}: ${args.join(' ')}`);
    else if (code !== 0) messages.push(lastLines(output, 80));
  };
  await Promise.all(tools.map((args) => inTurn(() => check(args))));
  return [{ name, state: messages.length > 0 ? 'failed' : 'passed', message: messages.join('\n') }];
}

/**
 * @param {string} project of vitest.config.ts
 * @param {number} limit milliseconds
 */
function runVitest(project, limit) {
  const reporter = join(root, 'scripts', 'lib', 'vitestReporter.mjs');
  return runReporting(project, limit, [bin('vitest/vitest.mjs'), 'run', '--project', project, '--reporter', reporter]);
}

/**
 * Runs a runner that writes a TestReport. Without one, with an empty one, or with an exit code that the report does not
 * explain, there is a failed test more.
 * @param {string} name
 * @param {number} limit milliseconds
 * @param {readonly string[]} args of Node
 * @returns {Promise<TestResult[]>}
 */
async function runReporting(name, limit, args) {
  const file = join(folder(join(artifacts, 'test-reports')), `${name}.json`);
  rmSync(file, { force: true });
  const env = { ...cleanEnvironment(), GQA_LENS_TEST_REPORT: file };
  const { code, output, timedOut } = await attempt(process.execPath, args, { cwd: root, env, timeout: limit });
  const report = readReport(file);
  /** @type {TestResult[]} */
  const results = report?.tests ?? [];
  const fail = (/** @type {string} */ message) => results.push({ name: `${name} tests`, state: 'failed', message });
  for (const problem of report?.problems ?? []) fail(problem);
  if (timedOut) fail(`did not end within ${seconds(limit)}:\n${lastLines(output, 20)}`);
  else if (!report) fail(`ended (exit code ${code}) without a report:\n${lastLines(output, 40)}`);
  else if (results.length === 0) fail(`ran no test:\n${lastLines(output, 40)}`);
  else if (code !== 0 && results.every(({ state }) => state !== 'failed'))
    fail(`ended with exit code ${code}:\n${lastLines(output, 40)}`);
  return results;
}

/** @param {readonly TestResult[]} results */
function summarise(results) {
  const skipped = results.filter(({ state }) => state === 'skipped');
  for (const { name, message } of skipped) say(`- skipped: ${name}: ${message}`);
  say(counts(results));
  process.exit(results.some(({ state }) => state === 'failed') ? 1 : 0);
}

/**
 * @param {readonly TestResult[]} results
 * @returns {string} "N passed, N failed", and ", N skipped" when there are any
 */
function counts(results) {
  const count = (/** @type {TestResult['state']} */ wanted) => results.filter(({ state }) => state === wanted).length;
  const skipped = count('skipped');
  return `${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
