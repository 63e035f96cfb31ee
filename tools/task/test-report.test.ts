// The closing line and the counts that it is made of: a run that failed must never read as one that passed.
import { expect, test } from 'vitest'
import { countReport, failuresOf, sum, table, verdict } from './test-report.mjs'

test('counts what the report says', () => {
  const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 }
  expect(countReport(report, 1)).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('counts a file that does not load as a failure', () => {
  const broken = { status: 'failed', assertionResults: [] }
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] }
  expect(countReport({ numFailedTests: 1, testResults: [broken, failing] }, 1).failed).toBe(2)
})

test('counts a run that failed without a failing test, and one without a report', () => {
  expect(countReport({ numPassedTests: 5 }, 1)).toEqual({ passed: 5, failed: 1, skipped: 0 })
  expect(countReport(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('a part without tests is no failure', () => {
  expect(countReport({ testResults: [] }, 0)).toEqual({ passed: 0, failed: 0, skipped: 0 })
})

test('closes with one line, which names skipped tests only where there are some', () => {
  expect(verdict({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  expect(verdict({ passed: 12, failed: 1, skipped: 2 })).toBe('12 passed, 1 failed, 2 skipped')
  expect(
    sum([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 1, failed: 0, skipped: 0 },
    ]),
  ).toEqual({
    passed: 2,
    failed: 2,
    skipped: 3,
  })
})

test('shows minutes beside their budget, and what went over', () => {
  const part = { passed: 3, failed: 0, skipped: 0, minutesMax: 2 }
  const lines = table([
    { ...part, title: 'quick', minutes: 0.5 },
    { ...part, title: 'slow', minutes: 2.25 },
  ]).split('\n')
  expect(lines.map(line => line.replace(/ +/g, ' '))).toEqual([
    'part minutes budget passed failed skipped',
    'quick 0.50 2 3 0 0',
    'slow 2.25 2 3 0 0 over budget',
    'whole 2.75 4 6 0 0',
  ])
})

test('says again what failed, by file and title', () => {
  const failing = { status: 'failed', fullName: 'a promise is kept' }
  const files = [
    { name: 'a.test.ts', status: 'failed', assertionResults: [failing, { status: 'passed', fullName: 'fine' }] },
    { name: 'b.test.ts', status: 'failed', assertionResults: [] },
    { name: 'c.test.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'fine' }] },
  ]
  expect(failuresOf({ testResults: files })).toEqual(['a.test.ts: a promise is kept', 'b.test.ts: did not load'])
})
