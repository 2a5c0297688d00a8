// What one run of a test runner gave, in the one form that every runner here writes and scripts/test.mjs sums up.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {object} TestResult
 * @property {string} name suite and test
 * @property {'passed' | 'failed' | 'skipped'} state
 * @property {string} message why it failed or was skipped; empty when it passed
 */

/**
 * @typedef {object} TestReport
 * @property {TestResult[]} tests
 * @property {string[]} problems what went wrong outside any test: a file that did not load, an unhandled rejection
 */

/**
 * @param {string} file
 * @param {TestReport} report
 */
export function writeReport(file, report) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(report, null, 1));
}

/**
 * @param {string} file
 * @returns {TestReport | null} null when the runner died before it wrote one
 */
export function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
