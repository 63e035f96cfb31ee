import { expect, test } from 'vitest'
import { quicError } from '../errors.ts'
import { countHandshake, countMigration, createCounts, outcomeOfFailure } from './counts.ts'

test('handshakes of one outcome add up, and the longest stands beside them', () => {
  const { dialed } = createCounts().handshakes
  for (const ms of [5, 20, 10]) countHandshake(dialed, 'done', ms)
  expect(dialed.done).toEqual({ count: 3, ms: 35, msMax: 20 })
  expect(dialed.lost).toEqual({ count: 0, ms: 0, msMax: 0 })
})

test.each([
  ['E_HANDSHAKE_TIMEOUT', 'timedOut'],
  ['E_DIAL_SUPERSEDED', 'superseded'],
  ['E_PEER_KEY_CHANGED', 'refused'],
  ['E_HANDSHAKE_FAILED', 'refused'],
])('a handshake that failed with %s is %s', (code, outcome) => {
  expect(outcomeOfFailure(code)).toBe(outcome)
})

test.each([
  ['refused', quicError('E_MIGRATION_REFUSED', { node: 'b@host', reason: 'no' })],
  ['unsupported', quicError('E_MIGRATION_UNSUPPORTED', { node: 'b@host' })],
  ['timedOut', quicError('E_MIGRATION_TIMEOUT', { node: 'b@host', address: 'h:1', timeoutMs: 1 })],
  ['lost', quicError('E_CHANNEL_LOST', { node: 'b@host', timeoutMs: 1 })],
  ['lost', quicError('E_CHANNEL_CLOSED', { node: 'b@host', reason: 'bye' })],
  ['failed', new Error('no socket')],
] as const)('a migration is counted as %s and fails as it did', async (outcome, error) => {
  const { migrations } = createCounts()
  await countMigration(migrations, Promise.resolve())
  await expect(countMigration(migrations, Promise.reject(error))).rejects.toBe(error)
  expect(migrations).toEqual({ ...createCounts().migrations, done: 1, [outcome]: 1 })
})
