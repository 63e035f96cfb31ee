// What a test run comes to: counts out of vitest's reports, the table of minutes, the closing line.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {Counts & { title: string, minutes: number, minutesMax: number }} PartResult */
/** @typedef {{ name?: string, status?: string, assertionResults?: { status?: string, fullName?: string }[] }} FileReport */
/** @typedef {{ numPassedTests?: number, numFailedTests?: number, numPendingTests?: number, numTodoTests?: number,
 *   testResults?: FileReport[] }} Report */

/** @type {Counts} */
export const noTests = { passed: 0, failed: 0, skipped: 0 }

/**
 * Counts the tests of one vitest run. A run that failed never counts as without a failure.
 * @param {Report | undefined} report what the JSON reporter wrote; undefined where it wrote nothing
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countReport(report, exitCode) {
  const tests = report?.numFailedTests ?? 0
  // A file that does not even load has no test that could fail.
  const files = (report?.testResults ?? []).filter(isBroken).length
  const failed = tests + files
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  }
}

/**
 * What failed, each as its file and title: said again at the end, where people look.
 * @param {Report | undefined} report
 * @returns {string[]}
 */
export function failuresOf(report) {
  return (report?.testResults ?? []).flatMap(file => {
    if (isBroken(file)) return [`${file.name}: did not load`]
    const failing = (file.assertionResults ?? []).filter(test => test.status === 'failed')
    return failing.map(test => `${file.name}: ${test.fullName}`)
  })
}

/** @param {FileReport} file */
function isBroken(file) {
  return file.status === 'failed' && !(file.assertionResults ?? []).some(test => test.status === 'failed')
}

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  const total = { ...noTests }
  for (const { passed, failed, skipped } of all) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}

/**
 * The closing line of a run: `N passed, N failed`, with `, N skipped` where some were.
 * @param {Counts} counts
 */
export function verdict({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** @param {readonly PartResult[]} results */
export function table(results) {
  const minutes = results.reduce((total, part) => total + part.minutes, 0)
  const minutesMax = results.reduce((total, part) => total + part.minutesMax, 0)
  const whole = { ...sum(results), title: 'whole', minutes, minutesMax }
  const rows = [...results, whole].map(row)
  return [['part', 'minutes', 'budget', 'passed', 'failed', 'skipped', ''], ...rows].map(line).join('\n')
}

/** @param {PartResult} part */
function row(part) {
  const late = part.minutes > part.minutesMax ? 'over budget' : ''
  const counts = [part.passed, part.failed, part.skipped].map(String)
  return [part.title, part.minutes.toFixed(2), part.minutesMax.toFixed(0), ...counts, late]
}

/** @param {string[]} cells */
function line([title = '', ...cells]) {
  return `${title.padEnd(20)}${cells.map(cell => ` ${cell.padStart(8)}`).join('')}`.trimEnd()
}
