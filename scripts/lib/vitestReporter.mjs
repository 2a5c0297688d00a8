// A vitest reporter that writes a TestReport to the file named by GQA_LENS_TEST_REPORT.
import { writeReport } from './testReport.mjs';

/** @typedef {import('./testReport.mjs').TestResult} TestResult */

export default class TestReportWriter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest').SerializedError[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    const file = process.env.GQA_LENS_TEST_REPORT;
    if (file === undefined) throw new Error('GQA_LENS_TEST_REPORT names no file for the report.');
    const tests = modules.flatMap((module) => [...module.children.allTests()].map(describeTest));
    const suiteErrors = modules.flatMap((module) => {
      const suites = [...module.children.allSuites()];
      return [module, ...suites].flatMap((part) =>
        part.errors().map((error) => `${module.relativeModuleId}: ${text(error)}`),
      );
    });
    writeReport(file, { tests, problems: [...suiteErrors, ...unhandled.map(text)] });
  }
}

/**
 * @param {import('vitest/node').TestCase} test
 * @returns {TestResult}
 */
function describeTest(test) {
  const result = test.result();
  const name = `${test.module.relativeModuleId} > ${test.fullName}`;
  if (result.state === 'passed') return { name, state: 'passed', message: '' };
  if (result.state === 'skipped') return { name, state: 'skipped', message: result.note ?? 'marked as skipped' };
  const message = result.state === 'failed' ? result.errors.map(text).join('\n') : 'it never ended';
  return { name, state: 'failed', message };
}

/**
 * @param {{ message?: string; stack?: string | undefined }} error
 * @returns {string} the message and the first lines of the stack
 */
function text(error) {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line) && !/node_modules/.test(line));
  return [error.message ?? String(error), ...frames.slice(0, 3)].join('\n');
}
