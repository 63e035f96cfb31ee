import { expect, test } from 'vitest'
import type { Clock, Timer } from '../clock/clock.ts'
import { hasCode } from '../errors.ts'
import type { Self } from '../process/function-process.ts'
import { startNode } from '../start-node.ts'
import type { From } from './call.ts'
import { GenServer } from './gen-server.ts'
import { noReply } from './outcome.ts'

/** Time moved by hand. */
function handClock() {
  const timers = new Map<Timer, { dueMs: number; expire: () => void }>()
  let ms = 0
  const clock: Clock = {
    now: () => ms,
    wall: () => 1_000_000 + ms,
    setTimer: (delayMs, expire) => {
      const timer: Timer = { cancel: () => void timers.delete(timer), keepAlive() {} }
      timers.set(timer, { dueMs: ms + delayMs, expire })
      return timer
    },
  }
  const advance = (byMs: number) => {
    ms += byMs
    for (const [timer, { dueMs, expire }] of timers) {
      if (dueMs > ms) continue
      timers.delete(timer)
      expire()
    }
  }
  return { clock, advance }
}

/** A server that keeps its calls and answers them when a cast says so. */
class Later extends GenServer {
  readonly #calls: [unknown, From][] = []
  override handleCall(request: unknown, from: From) {
    if (request === 'now') return 'now'
    this.#calls.push([request, from])
    return noReply
  }
  override handleCast() {
    for (const [request, from] of this.#calls.splice(0)) from.reply(request)
  }
}

const wait = (self: Self) => self.receive()

test('a call to what is not there ends with noproc', async () => {
  await using node = await startNode()
  const gone = node.spawn(wait)
  node.exit(gone, 'kill')
  for (const to of [gone, 'nobody', { name: 'nobody', node: node.name }] as const) {
    const error = await node.call(to as 'nobody', 'x').catch(error => error)
    expect(hasCode(error, 'E_CALL_EXIT') && error.fields['exit']).toBe('noproc')
  }
})

test('a call to what is no destination is refused at once', async () => {
  await using node = await startNode()
  for (const to of [undefined, null, 5, {}, { name: 'x' }, Symbol('s')]) {
    expect(() => node.call(to as unknown as string, 'x')).toThrow(
      expect.objectContaining({ code: 'E_DESTINATION_INVALID' }),
    )
    expect(() => node.send(to as unknown as string, 'x')).toThrow(
      expect.objectContaining({ code: 'E_DESTINATION_INVALID' }),
    )
  }
  expect(() => node.call({ via: 'nothing', name: 'x' }, 'x')).toThrow(
    expect.objectContaining({ code: 'E_VIA_UNKNOWN' }),
  )
})

test('a call without a reply ends after five seconds, and its late reply goes nowhere', async () => {
  const { clock, advance } = handClock()
  await using node = await startNode({ clock })
  const server = node.spawn(Later)
  const call = node.call(server, 'slow')
  let isOver = false
  call.catch(() => {
    isOver = true
  })
  await node.call(server, 'now')
  advance(4999)
  expect(await node.call(server, 'now')).toBe('now')
  expect(isOver).toBe(false)
  advance(1)
  await expect(call).rejects.toMatchObject({ code: 'E_CALL_TIMEOUT', fields: { timeoutMs: 5000 } })
  node.cast(server, 'answer')
  await node.call(server, 'now')
  node.send(node.pid, 'nothing but this')
  expect(await node.receive()).toBe('nothing but this')
})

test('a server never sees a call that was given up before its turn came', async () => {
  const { clock, advance } = handClock()
  await using node = await startNode({ clock })
  const handled: unknown[] = []
  class Notes extends GenServer {
    override handleCall(request: unknown) {
      handled.push(request)
    }
  }
  const server = node.spawn(Notes)
  const call = node.call(server, 'given up', { timeoutMs: 10 })
  const caught = expect(call).rejects.toMatchObject({ code: 'E_CALL_TIMEOUT' })
  advance(10)
  await caught
  await node.call(server, 'waited for')
  expect(handled).toEqual(['waited for'])
})

test('a call may wait for ever, and a time-out must be a number', async () => {
  const { clock, advance } = handClock()
  await using node = await startNode({ clock })
  const server = node.spawn(Later)
  const call = node.call(server, 'slow', { timeoutMs: Infinity })
  advance(1e12)
  node.cast(server, 'answer')
  expect(await call).toBe('slow')
  for (const timeoutMs of [-1, Number.NaN, '5' as unknown as number]) {
    expect(() => node.call(server, 'x', { timeoutMs })).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID' }))
  }
})

test('an abort signal ends the wait, and its reason is the cause', async () => {
  await using node = await startNode()
  const server = node.spawn(Later)
  const controller = new AbortController()
  const call = node.call(server, 'slow', { signal: controller.signal })
  await node.call(server, 'now')
  const reason = new Error('not needed')
  controller.abort(reason)
  await expect(call).rejects.toMatchObject({ code: 'E_CALL_ABORTED', cause: reason })
  node.cast(server, 'answer')
  expect(await node.call(server, 'now', { signal: new AbortController().signal })).toBe('now')
})

test('a signal that has fired already ends the call before the server sees it', async () => {
  await using node = await startNode()
  await expect(node.call(node.spawn(Later), 'x', { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'E_CALL_ABORTED',
  })
})

test('an abort after the reply changes nothing', async () => {
  await using node = await startNode()
  const controller = new AbortController()
  expect(await node.call(node.spawn(Later), 'now', { signal: controller.signal })).toBe('now')
  controller.abort()
})

test('all callers of a server learn of its end', async () => {
  await using node = await startNode()
  const server = node.spawn(Later)
  const calls = [1, 2, 3].map(request => node.call(server, request).catch(error => [error.code, error.fields.exit]))
  await node.call(server, 'now')
  node.exit(server, { because: 'x' })
  const unseen = node.call(server, 'after').catch(error => [error.code, error.fields.exit])
  expect(await Promise.all(calls)).toEqual(Array(3).fill(['E_CALL_EXIT', { because: 'x' }]))
  expect(await unseen).toEqual(['E_CALL_EXIT', 'noproc'])
})

test('calls may be answered in any order, each its own caller', async () => {
  await using node = await startNode()
  const held: { request: unknown; from: From }[] = []
  const server = node.spawn(async (self: Self<{ request: unknown; from: From }>) => {
    for await (const call of self) {
      held.push(call)
      if (held.length === 4) for (const place of [2, 0, 3, 1]) held[place]?.from.reply(held[place]?.request)
    }
  })
  expect(await Promise.all([0, 1, 2, 3].map(request => node.call(server, request)))).toEqual([0, 1, 2, 3])
})

test('a process that calls from inside a handler acts as itself and gets the reply', async () => {
  await using node = await startNode()
  class Front extends GenServer {
    override async handleCall(request: unknown) {
      return [await this.call(back, request), this.pid.serial]
    }
  }
  class Back extends GenServer {
    override handleCall(request: unknown) {
      return `back ${request}`
    }
  }
  const back = node.spawn(Back)
  const front = node.spawn(Front)
  expect(await node.call(front, 'x')).toEqual(['back x', front.serial])
})

test('a call whose destination cannot be read any more ends all the same, and so do the others', async () => {
  const { clock, advance } = handClock()
  await using node = await startNode({ clock })
  node.register('later', node.spawn(Later))
  let isBroken = false
  const broken = {
    node: node.name,
    get name() {
      if (isBroken) throw new Error('no look')
      return 'later'
    },
  }
  const codes = Promise.all([broken, 'later'].map(to => node.call(to, 1).catch(error => error.code)))
  isBroken = true
  advance(5000)
  expect(await codes).toEqual(['E_CALL_TIMEOUT', 'E_CALL_TIMEOUT'])
})
