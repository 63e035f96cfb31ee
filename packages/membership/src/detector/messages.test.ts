import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { checkMessage, checkVerdict, type DetectorMessage, type Verdict } from './messages.ts'

const life = { node: 'b@host', creation: 1, incarnation: 2 }
const record = { ...life, state: 'alive', goneForMs: 0, endpoints: [{ host: '10.0.0.1', port: 9_100 }] } as const
const messages: DetectorMessage[] = [
  { kind: 'ping', sequence: 1, creation: 1, incarnation: 0, state: 'suspected' },
  { kind: 'ack', sequence: 1 },
  { kind: 'pingFor', sequence: 1, node: 'b@host' },
  { kind: 'pingedFor', sequence: 1, node: 'b@host', isThere: false },
  { kind: 'digest', buckets: new Array(limits.memberBuckets).fill(7), isAnswer: true },
  { kind: 'records', records: [record, { ...record, state: 'gone', goneForMs: 5, endpoints: [] }] },
]
const verdicts: Verdict[] = [
  { kind: 'suspect', ...life },
  { kind: 'left', ...life },
  { kind: 'alive', ...life, endpoints: record.endpoints },
]
/** Each is no value of any field. */
const wrong = [
  undefined,
  null,
  -1,
  0.5,
  2 ** 53,
  Number.NaN,
  '',
  'x'.repeat(300),
  {},
  [null],
  new Array(65),
  Symbol('x'),
]

test.each(messages)('$kind passes as it is, without what else is in it', message => {
  expect(checkMessage({ ...message, more: 'than that' })).toEqual(message)
})

test.each(verdicts)('the verdict $kind passes as it is, without what else is in it', verdict => {
  expect(checkVerdict({ ...verdict, more: 'than that' })).toEqual(verdict)
})

test('without any one of its fields, or with something else in its place, each is refused', () => {
  for (const [check, all] of [
    [checkMessage, messages],
    [checkVerdict, verdicts],
  ] as const) {
    for (const message of all) {
      for (const field of Object.keys(message)) {
        const { [field]: _, ...rest } = message as unknown as Record<string, unknown>
        expect([message.kind, field, check(rest)]).toEqual([message.kind, field, expect.any(String)])
        for (const value of wrong) expect(check({ ...message, [field]: value })).toEqual(expect.any(String))
      }
    }
  }
})

test('without any one of its fields, or with something else in its place, no record of a member passes', () => {
  for (const field of Object.keys(record)) {
    const { [field]: _, ...rest } = record as Record<string, unknown>
    expect(checkMessage({ kind: 'records', records: [rest] })).toBe('a record is none')
    for (const value of wrong) {
      expect(checkMessage({ kind: 'records', records: [{ ...record, [field]: value }] })).toBe('a record is none')
    }
  }
})

test('lists at their bounds pass, and longer ones do not', () => {
  const records = (count: number) => ({ kind: 'records', records: new Array(count).fill(record) })
  expect(checkMessage(records(limits.recordsPerMessageMax))).toEqual(records(limits.recordsPerMessageMax))
  expect(checkMessage(records(limits.recordsPerMessageMax + 1))).toEqual(expect.any(String))
  expect(checkMessage({ kind: 'records', records: new Array(2) })).toEqual(expect.any(String))
  for (const count of [limits.memberBuckets - 1, limits.memberBuckets + 1]) {
    const buckets = new Array(count).fill(1)
    expect(checkMessage({ kind: 'digest', buckets, isAnswer: false })).toEqual(expect.any(String))
  }
  const endpoints = (count: number) => ({ kind: 'alive', ...life, endpoints: new Array(count).fill({ host: 'h' }) })
  expect(checkVerdict(endpoints(limits.endpointsMax))).toEqual(endpoints(limits.endpointsMax))
  expect(checkVerdict(endpoints(limits.endpointsMax + 1))).toEqual(expect.any(String))
  const greatest = { kind: 'suspect', ...life, incarnation: limits.incarnationMax }
  expect(checkVerdict(greatest)).toEqual(greatest)
  expect(checkVerdict({ ...greatest, incarnation: limits.incarnationMax + 1 })).toEqual(expect.any(String))
})
