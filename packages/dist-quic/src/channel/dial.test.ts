// One dial: which addresses are tried, for how long, and what ends it. The sessions are what a test makes of them.
import type { Clock, Endpoint, Timer } from '@barrel-actors/runtime'
import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { quicError } from '../errors.ts'
import type { Address } from '../quic/address.ts'
import type { CarrierContext } from './context.ts'
import { Dial } from './dial.ts'
import type { Session } from './session.ts'

interface Try {
  readonly address: Address
  readonly session: Session
  readonly closed: [reason: string, failure: string | undefined][]
}

const superseded = quicError('E_DIAL_SUPERSEDED', { node: 'b@host' })
const refused = quicError('E_PEER_REFUSED', { node: 'b@host', reason: 'untrusted' })

const two: readonly Endpoint[] = [1, 2].map(port => ({ host: '10.0.0.2', port }))

function setUp(endpoints: readonly Endpoint[] | Promise<readonly Endpoint[]> = two) {
  const clock = new VirtualClock()
  const kept = new Set<Timer>()
  // The operating-system process stays alive for a dial: counts the timers that say so.
  const counting: Clock = {
    now: () => clock.now(),
    wall: () => clock.wall(),
    setTimer(delayMs, expire) {
      const timer = clock.setTimer(delayMs, () => {
        kept.delete(counted)
        expire()
      })
      const counted: Timer = {
        cancel() {
          kept.delete(counted)
          timer.cancel()
        },
        keepAlive: keep => void (keep ? kept.add(counted) : kept.delete(counted)),
      }
      return counted
    },
  }
  const options = { address: '0.0.0.0', dialTimeoutMs: 100, authHandshakeTimeoutMs: 1_000 }
  const host = { resolveAddress: async () => endpoints }
  const tries: Try[] = []
  const failures: string[] = []
  const driver = {
    connect(address: Address): Session {
      const closed: Try['closed'] = []
      const close = (_: number, reason: string, failure?: { code: string }) => closed.push([reason, failure?.code])
      const session = { close } as unknown as Session
      tries.push({ address, session, closed })
      return session
    },
    isThroughAdapter: () => false,
    failed: (cause: Error) => void failures.push((cause as { code?: string }).code ?? cause.message),
  }
  const dial = new Dial('b@host', { clock: counting, options, host } as unknown as CarrierContext, driver)
  return { clock, dial, driver, tries, failures, kept, options }
}

const moment = (): Promise<void> => new Promise(setImmediate)

test('an address that does not answer in time gives way to the next one, and the last one ends the dial', async () => {
  const { clock, dial, tries, failures } = setUp()
  dial.start(0)
  await moment()
  expect(dial.session).toBe(tries[0]?.session)
  await clock.advance(99)
  expect(tries[0]?.closed).toEqual([])
  await clock.advance(1)
  expect(tries[0]?.closed).toEqual([['no answer', 'E_NODE_UNREACHABLE']])
  dial.ended(refused)
  expect(tries.map(({ address }) => address.port)).toEqual([1, 2])
  dial.ended(refused)
  dial.ended(refused)
  expect([failures, dial.session]).toEqual([['E_PEER_REFUSED'], undefined])
  await clock.advance(10_000)
  expect(tries).toHaveLength(2)
})

test('an address that has answered is left to its handshake', async () => {
  const { clock, dial, tries, failures } = setUp()
  dial.start(0)
  await moment()
  dial.answered()
  await clock.advance(10_000)
  expect([tries.length, tries[0]?.closed, failures]).toEqual([1, [], []])
})

test('a try that ends early takes no time from the next one', async () => {
  const { clock, dial, tries } = setUp()
  dial.start(0)
  await moment()
  await clock.advance(60)
  dial.ended(refused)
  await clock.advance(60)
  expect(tries[1]?.closed).toEqual([])
  await clock.advance(40)
  expect(tries[1]?.closed).toEqual([['no answer', 'E_NODE_UNREACHABLE']])
})

test('a dial that gives way waits as long as a handshake may take, and tries no other address', async () => {
  const { clock, dial, tries, failures } = setUp()
  dial.start(0)
  await moment()
  dial.giveWay(superseded)
  expect(dial.session).toBeUndefined()
  await clock.advance(999)
  expect([tries.length, failures]).toEqual([1, []])
  await clock.advance(1)
  expect([tries.length, failures]).toEqual([1, ['E_DIAL_SUPERSEDED']])
})

test('a dial that is given up at any moment closes its try and says nothing more', async () => {
  for (const when of ['waiting', 'looking up', 'trying', 'giving way'] as const) {
    const { clock, dial, tries, failures } = setUp()
    dial.start(when === 'waiting' ? 50 : 0)
    if (when !== 'waiting' && when !== 'looking up') await moment()
    if (when === 'giving way') dial.giveWay(superseded)
    dial.abandon('not wanted')
    if (when === 'trying') expect(tries[0]?.closed).toEqual([['not wanted', undefined]])
    dial.start(0)
    await moment()
    dial.ended(refused)
    await clock.advance(10_000)
    expect([tries.length, failures]).toEqual([when === 'trying' || when === 'giving way' ? 1 : 0, []])
  }
})

test('the program stays alive while it waits, looks up and tries', async () => {
  const { clock, dial, kept } = setUp()
  dial.start(50)
  expect(kept.size).toBe(1)
  await clock.advance(50)
  expect(kept.size).toBe(1)
  await moment()
  expect(kept.size).toBe(1)
  dial.abandon('not wanted')
  expect(kept.size).toBe(0)
  // Whoever wanted it has gone before it began.
  dial.start(50)
  expect(kept.size).toBe(0)
  const looking = setUp(new Promise(() => {}))
  looking.dial.start(50)
  await looking.clock.advance(50)
  await moment()
  expect(looking.kept.size).toBe(1)
  const over = setUp([{ host: '10.0.0.2' }])
  over.dial.start(0)
  await moment()
  over.dial.ended(refused)
  expect([over.failures.length, over.kept.size]).toEqual([1, 0])
})

test('a look-up that ends after its time was over fails the dial no second time, and is of no use any more', async () => {
  for (const late of [() => Promise.reject(new Error('late')), () => Promise.resolve(two)]) {
    let end = (): void => {}
    const slow = new Promise<void>(resolve => (end = resolve)).then(late)
    const { clock, dial, tries, failures } = setUp(slow)
    dial.start(0)
    await clock.advance(100)
    end()
    await moment()
    expect([failures, tries]).toEqual([['E_ADDRESS_UNRESOLVED'], []])
  }
})

test('where an address names no port it is the default one, and without any it is the host of the name', async () => {
  const { dial, tries } = setUp([{ host: '10.0.0.3' }])
  dial.start(0)
  await moment()
  expect(tries[0]?.address).toEqual({ host: '10.0.0.3', port: 9100 })
})
