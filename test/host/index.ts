// What the extension host loads as its test: runs every suite beside it with mocha and writes a TestReport.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import { writeReport, type TestResult } from '../../scripts/lib/testReport.mjs';

/** Called by VS Code; a rejection makes it end with exit code 1. */
export async function run(): Promise<void> {
  const reportFile = process.env.GQA_LENS_TEST_REPORT;
  if (reportFile === undefined) throw new Error('GQA_LENS_TEST_REPORT names no file for the report.');
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: SilentReporter });
  const suites = join(__dirname, 'suites');
  for (const name of readdirSync(suites).filter((file) => file.endsWith('.cjs'))) mocha.addFile(join(suites, name));
  const problems: string[] = [];
  const tests: TestResult[] = [];
  try {
    await mocha.loadFilesAsync();
    await new Promise<void>((resolve) => {
      const runner = mocha.run(() => resolve());
      runner.on('pass', (test) => tests.push({ name: test.fullTitle(), state: 'passed', message: '' }));
      runner.on('pending', (test) =>
        tests.push({ name: test.fullTitle(), state: 'skipped', message: 'marked as skipped' }),
      );
      runner.on('fail', (test, error: Error) =>
        tests.push({ name: test.fullTitle(), state: 'failed', message: error.stack ?? error.message }),
      );
    });
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  writeReport(reportFile, { tests, problems });
  if (problems.length > 0 || tests.some((test) => test.state === 'failed')) throw new Error('There are failed tests.');
}

/** Mocha wants a reporter; the report is written above. */
class SilentReporter extends Mocha.reporters.Base {}
