// `node .ci/summary.mjs FOLDER STEP…`: what .ci/run prints at its end. FOLDER holds STEP.log, the output of each step, `failed`, the names of
// those that failed, and STEP.json, the results of the steps that are named. Prints what failed and why, and at last the total.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** Whoever reads a failed run may see its last 200 lines only. */
const LINES_OF_FAILURES = 130;
const LINES_OF_ONE = 15;
const LINES_OF_LOG = 30;

/**
 * @typedef {{ step: string, name: string, message: string }} Failure
 * @typedef {{ passed: number, failures: Failure[] }} Result
 */

/**
 * What vitest (an object with totals) or the client run (a list of jobs) has written. A skipped test counts neither way; a file that does not
 * load, or whose server or browser does not start, counts as one failure.
 * @param {string} step
 * @param {string} json
 * @returns {Result}
 */
export function resultOf(step, json) {
  const result = JSON.parse(json);
  return Array.isArray(result) ? resultOfClients(step, result) : resultOfTests(step, result);
}

function resultOfClients(step, jobs) {
  const failed = jobs.filter(({ status }) => status === "failed");
  return {
    passed: jobs.filter(({ status }) => status === "ok").length,
    failures: failed.map(({ client, job, output }) => ({ step, name: `${client} ${job}`, message: output })),
  };
}

function resultOfTests(step, { numPassedTests, testResults }) {
  return {
    passed: numPassedTests,
    failures: testResults.flatMap(({ name: file, status, message, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === "failed");
      if (failed.length === 0) return status === "failed" ? [{ step, name: file, message }] : [];
      return failed.map(({ ancestorTitles, title, failureMessages }) => ({
        step,
        name: [file, ...ancestorTitles, title].join(" > "),
        message: failureMessages.join("\n"),
      }));
    }),
  };
}

/**
 * The names of all failures with the beginning of each message: the more there are, the shorter.
 * @param {readonly Failure[]} failures
 * @returns {string[]}
 */
export function describe(failures) {
  const shown = failures.slice(0, LINES_OF_FAILURES / 2);
  const linesOfOne = Math.min(LINES_OF_ONE, Math.floor(LINES_OF_FAILURES / shown.length) - 1);
  const lines = shown.flatMap(({ step, name, message }) => [
    `FAILED in ${step}: ${shorten(name)}`,
    ...linesOf(message).slice(0, linesOfOne).map(indent),
  ]);
  return shown.length === failures.length ? lines : [...lines, `and ${failures.length - shown.length} more`];
}

/** The lines of a text that say something: none of other people's code, no colours, and no path of this machine. */
function linesOf(text) {
  return shorten(stripVTControlCharacters(text))
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*at .*(\/node_modules\/|node:)/.test(line));
}

const shorten = (text) => text.replaceAll(`${process.cwd()}/`, "");
const indent = (line) => `    ${line.slice(0, 300)}`;

/**
 * The whole summary. A step that failed without a test that did, such as a check, shows the end of its output and counts as one failure, as do
 * results that are not there.
 * @param {string} folder
 * @param {readonly string[]} steps those that write results
 * @returns {string[]} lines, the total last
 */
export function summary(folder, steps) {
  let passed = 0;
  const failures = [];
  const failedOtherwise = new Set();
  const lines = [];
  for (const step of steps)
    try {
      const result = resultOf(step, readFileSync(join(folder, `${step}.json`), "utf8"));
      passed += result.passed;
      failures.push(...result.failures);
    } catch (error) {
      lines.push(`no results of ${step}: ${error.message}`);
      failedOtherwise.add(step);
    }
  for (const step of readFileSync(join(folder, "failed"), "utf8").split("\n").filter(Boolean)) {
    if (failures.some((failure) => failure.step === step)) continue;
    failedOtherwise.add(step);
    const end = linesOf(readFileSync(join(folder, `${step}.log`), "utf8")).slice(-LINES_OF_LOG);
    lines.push(`FAILED: ${step}, whose output ends with`, ...end.map(indent));
  }
  return [...lines, ...describe(failures), `${passed} passed, ${failures.length + failedOtherwise.size} failed`];
}

if (import.meta.filename === process.argv[1]) {
  const [folder, ...steps] = process.argv.slice(2);
  console.log(summary(folder, steps).join("\n"));
}
