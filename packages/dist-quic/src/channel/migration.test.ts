import { BarrelError } from '@barrel-actors/runtime'
import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { quicError } from '../errors.ts'
import type { QuicConnection } from '../quic/contract.ts'
import { Migration } from './migration.ts'
import { type Word, word } from './words.ts'

/** One end of a channel, and the words that it says. */
function end(dialed: boolean, migrate: (timeoutMs: number) => Promise<unknown> = async () => undefined) {
  const clock = new VirtualClock()
  const said: Word[] = []
  const connection = { dialed, migrate } as unknown as QuicConnection
  return { clock, said, migration: new Migration({ connection, say: spoken => said.push(spoken) }, clock, 'b@host') }
}

/** The code and the text of what an attempt ends with. */
async function failureOf(attempt: Promise<unknown>): Promise<[string, string]> {
  const error: unknown = await attempt.catch((problem: unknown) => problem)
  return error instanceof BarrelError ? [error.code, error.what] : ['none', String(error)]
}

test('the end that was dialed asks once, however often it is told to, and each hears the answer', async () => {
  const { said, migration } = end(false)
  const attempts = [migration.migrate(100), migration.migrate(100)]
  expect(said).toEqual([word.migrate])
  migration.said(word.migrated)
  await Promise.all(attempts)
  const again = migration.migrate(100)
  expect(said).toEqual([word.migrate, word.migrate])
  migration.said(word.migrated)
  await again
})

test('the end that dialed moves once and answers once, however often it is asked meanwhile', async () => {
  let moves = 0
  let done = (): void => {}
  const { said, migration } = end(true, () => {
    moves++
    return new Promise<void>(resolve => (done = resolve))
  })
  for (let times = 0; times < 1_000; times++) migration.said(word.migrate)
  done()
  await new Promise(setImmediate)
  expect([moves, said]).toEqual([1, [word.migrated]])
  migration.said(word.migrate)
  done()
  await new Promise(setImmediate)
  expect([moves, said]).toEqual([2, [word.migrated, word.migrated]])
})

test('a refusal, silence and the end of the channel each end what was asked, with all that their texts name', async () => {
  const { clock, migration } = end(false)
  const refused = failureOf(migration.migrate(100))
  migration.said(word.notMigrated)
  expect(await refused).toEqual([
    'E_MIGRATION_REFUSED',
    'The connection to b@host cannot move to another local address: its end could not move.',
  ])
  const unanswered = failureOf(migration.migrate(100))
  await clock.advance(99)
  migration.said(word.migrate)
  await clock.advance(1)
  expect(await unanswered).toEqual([
    'E_MIGRATION_TIMEOUT',
    'No packet came back from b@host to the new local address (of its choice) within 100 ms.',
  ])
  const lost = failureOf(migration.migrate(100))
  migration.ended(quicError('E_CHANNEL_LOST', { node: 'b@host', timeoutMs: 1 }))
  expect((await lost)[0]).toBe('E_CHANNEL_LOST')
})

test('the time of one question does not cut off the next one', async () => {
  const { clock, migration } = end(false)
  const first = migration.migrate(100)
  migration.said(word.migrated)
  await first
  const second = migration.migrate(10_000)
  await clock.advance(5_000)
  migration.said(word.migrated)
  await second
})

test('the end that dialed obliges with time enough, and says what came of it', async () => {
  const times: number[] = []
  let fails = false
  const { said, migration } = end(true, async timeoutMs => {
    times.push(timeoutMs)
    if (fails) throw new Error('no path')
  })
  migration.said(word.migrate)
  await new Promise(setImmediate)
  fails = true
  migration.said(word.migrate)
  await new Promise(setImmediate)
  expect([said, times]).toEqual([
    [word.migrated, word.notMigrated],
    [5_000, 5_000],
  ])
})

test('an answer that nobody waits for is passed over', () => {
  const { migration } = end(false)
  migration.said(word.migrated)
  migration.said(word.notMigrated)
  migration.ended(new Error('over'))
})
