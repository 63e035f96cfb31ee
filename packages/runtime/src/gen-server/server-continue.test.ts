import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { Hand } from '../process/hand.suite.ts'
import { startNode } from '../start-node.ts'
import { GenServer } from './gen-server.ts'
import { next, reply } from './outcome.ts'

/** Goes on with the rounds that are left; the message that comes meanwhile is noted. */
function counting(isAsync: boolean) {
  const seen: string[] = []
  let rounds = 0
  class Counting extends GenServer<{ cast: number; info: string }> {
    override handleCast(count: number) {
      return next({ continue: count })
    }
    override handleInfo(message: string) {
      seen.push(`${message} after ${rounds}`)
    }
    override handleContinue(left: number) {
      rounds++
      const result = left > 1 ? next({ continue: left - 1 }) : undefined
      return (isAsync ? Promise.resolve(result) : result) as typeof result
    }
  }
  return { Counting, seen, rounds: () => rounds }
}

for (const isAsync of [false, true]) {
  const how = isAsync ? 'an async' : 'a sync'

  test(`${how} handleContinue may go on any number of times, all of them before the next message`, async () => {
    await using node = await startNode()
    const { Counting, seen } = counting(isAsync)
    const pid = node.spawn(Counting)
    node.cast(pid, 20_000)
    node.send(pid, 'next')
    await GenServer.stop(pid)
    expect(seen).toEqual(['next after 20000'])
  })

  test(`${how} handleContinue that goes on for ever leaves the event loop and other processes their turns`, async () => {
    const hand = new Hand()
    const scheduler = { processMessagesMax: 10, sliceMessagesMax: 100, sliceMs: 1000 }
    const node = await startNode({ clock: hand, turns: hand, scheduler })
    const endless = counting(isAsync)
    node.cast(node.spawn(endless.Counting), 1_000_000)
    for (let turns = 1; turns <= 3; turns++) {
      await hand.turn(1000)
      expect(endless.rounds()).toBeLessThanOrEqual(turns * 101)
    }
    expect(endless.rounds()).toBeGreaterThan(150)
    const other = counting(false)
    node.send(node.spawn(other.Counting), 'other')
    await hand.turn(1000)
    expect(other.seen).toEqual(['other after 0'])
  })
}

test('what ends a server that goes on ends it between two rounds, and a failure names the message it began with', async () => {
  await using node = await startNode()
  const { Counting, rounds } = counting(false)
  const { pid, ref } = node.spawnMonitor(Counting)
  node.cast(pid, Infinity)
  await node.call(node.spawn(Silent), 'set', { timeoutMs: Infinity })
  node.exit(pid, 'enough')
  expect(await node.receive({ ref })).toMatchObject({ reason: 'enough' })
  const before = rounds()
  await node.call(node.spawn(Silent), 'set')
  expect(rounds()).toBe(before)

  class Fails extends GenServer<{ cast: string }> {
    override handleCast(request: string) {
      return next({ continue: request })
    }
    override handleContinue(request: string) {
      if (request === 'again') throw new Error('boom')
      return next({ continue: 'again' })
    }
  }
  const crashes: unknown[] = []
  node.events.on('crash', ({ callback, lastMessage }) => void crashes.push([callback, lastMessage]))
  const failed = node.spawnMonitor(Fails)
  node.cast(failed.pid, 'first')
  expect(await node.receive({ ref: failed.ref })).toMatchObject({ reason: { error: { message: 'boom' } } })
  expect(crashes).toEqual([['handleContinue', "'first'"]])
})

/** Asks to be told of silence; says how often it was. */
class Silent extends GenServer<{ call: (request: 'set' | 'told') => number; info: unknown }> {
  #told = 0
  override handleCall(request: 'set' | 'told') {
    return request === 'set' ? reply(this.#told, { timeoutMs: 100 }) : this.#told
  }
  override handleInfo() {
    this.#told++
  }
}

test('a call or a stop that was given up before its turn does not end the wait for silence', async () => {
  const clock = new VirtualClock()
  await using node = await startNode({ clock })
  for (const way of ['call', 'stop']) {
    const pid = node.spawn(Silent)
    await node.call(pid, 'set')
    await clock.advance(50)
    const given = new AbortController()
    const options = { signal: given.signal }
    const asked = way === 'call' ? node.call(pid, 'set', options) : GenServer.stop(pid, 'over', options)
    given.abort()
    await expect(asked).rejects.toMatchObject({ code: 'E_CALL_ABORTED' })
    await clock.advance(50)
    expect(await node.call(pid, 'told')).toBe(1)
  }
})

test('the newest wish to be told of silence counts, and no other', async () => {
  class Twice extends GenServer<{ call: (request: 'told') => readonly number[]; info: unknown }> {
    readonly #told: number[] = []
    override init() {
      return next({ continue: 1, timeoutMs: 20 })
    }
    override handleContinue() {
      return next({ timeoutMs: 60 })
    }
    override handleCall() {
      return this.#told
    }
    override handleInfo() {
      this.#told.push(this.node.clock.now())
    }
  }
  const clock = new VirtualClock()
  await using node = await startNode({ clock })
  const startMs = clock.now()
  const pid = node.spawn(Twice)
  await clock.advance(200)
  expect(await node.call(pid, 'told')).toEqual([startMs + 60])
})

/** A server that asked to be told of silence after 100 ms, in turns that are given by hand. */
async function silentByHand() {
  const clock = new VirtualClock()
  const hand = new Hand()
  const node = await startNode({ clock, turns: hand })
  const seen: unknown[] = []
  class Noting extends GenServer<{ call: (request: 'ask') => number; info: unknown }> {
    override init() {
      return next({ timeoutMs: 100 })
    }
    override handleInfo(message: unknown) {
      seen.push(message)
    }
  }
  const pid = node.spawn(Noting)
  await hand.slice()
  return { clock, hand, node, pid, seen }
}

test('where a message waits there is no silence, however late its turn comes', async () => {
  const { clock, hand, node, pid, seen } = await silentByHand()
  node.send(pid, 'here')
  await clock.advance(500)
  await hand.slice()
  expect(seen).toEqual(['here'])
})

test('where only what was given up waits there is silence', async () => {
  const { clock, hand, node, pid, seen } = await silentByHand()
  const given = new AbortController()
  const asked = node.call(pid, 'ask', { signal: given.signal })
  given.abort()
  await expect(asked).rejects.toMatchObject({ code: 'E_CALL_ABORTED' })
  await clock.advance(500)
  await hand.slice()
  expect(seen).toEqual([{ kind: 'timeout' }])
})

test('a server that has ended goes on with nothing, and waits for no silence, whatever its callback returns', async () => {
  const clock = new VirtualClock()
  await using node = await startNode({ clock })
  const seen: unknown[] = []
  class Ending extends GenServer<{ cast: 'continue' | 'wait'; info: unknown }> {
    override handleCast(request: 'continue' | 'wait') {
      this.node.exit(this.pid, 'kill')
      return next(request === 'continue' ? { continue: 'more' } : { timeoutMs: 10 })
    }
    override handleContinue(request: unknown) {
      seen.push(request)
    }
    override handleInfo(message: unknown) {
      seen.push(message)
    }
  }
  const timersBefore = clock.timersCount
  for (const request of ['continue', 'wait'] as const) node.cast(node.spawn(Ending), request)
  await clock.advance(1)
  expect(node.processes()).toEqual([node.pid])
  expect([seen, clock.timersCount]).toEqual([[], timersBefore])
})
