import { expect, test } from 'vitest'
import { hasCode } from '../errors.ts'
import { startNode } from '../start-node.ts'
import type { From } from './call.ts'
import { GenServer } from './gen-server.ts'
import { noReply, stop } from './outcome.ts'

function deferred<Value = void>() {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

interface CounterProtocol {
  call: ((request: { add: number }) => number) | ((request: 'read') => number)
  cast: 'reset' | { set: number }
  info: { info: number }
}

class Counter extends GenServer<CounterProtocol> {
  #count = 0
  override init(start = 0): void {
    this.#count = start
  }
  override handleCall(request: { add: number } | 'read'): number {
    if (request !== 'read') this.#count += request.add
    return this.#count
  }
  override handleCast(request: 'reset' | { set: number }): void {
    this.#count = request === 'reset' ? 0 : request.set
  }
  override handleInfo(message: { info: number }): void {
    this.#count = message.info
  }
}

test('a server starts with the arguments of its init and answers calls', async () => {
  await using node = await startNode()
  const counter = node.spawn(Counter, 5)
  expect(await node.call(counter, { add: 2 })).toBe(7)
  expect(await node.call(node.spawn(Counter), 'read')).toBe(0)
})

test('calls, casts and messages from one process are taken in the order sent', async () => {
  await using node = await startNode()
  const counter = node.spawn(Counter, 1)
  const first = node.call(counter, 'read')
  node.cast(counter, { set: 10 })
  const second = node.call(counter, { add: 1 })
  node.send(counter, { info: 100 })
  const third = node.call(counter, 'read')
  node.cast(counter, 'reset')
  expect(await Promise.all([first, second, third, node.call(counter, 'read')])).toEqual([1, 11, 100, 0])
})

test('a reply may come later, from another callback, and only the first counts', async () => {
  class Later extends GenServer {
    #waiting: From | undefined
    override handleCall(_request: unknown, from: From) {
      this.#waiting = from
      return noReply
    }
    override handleCast(value: unknown) {
      this.#waiting?.reply(value)
      this.#waiting?.reply('too late')
    }
  }
  await using node = await startNode()
  const server = node.spawn(Later)
  const reply = node.call(server, 'anything')
  node.cast(server, 'now')
  expect(await reply).toBe('now')
})

test('stop with a reply answers first and then ends with the reason', async () => {
  class Stops extends GenServer {
    override handleCall(request: unknown) {
      return stop({ because: request }, 'bye')
    }
  }
  await using node = await startNode()
  const { pid, ref } = node.spawnMonitor(Stops)
  expect(await node.call(pid, 'done')).toBe('bye')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: { because: 'done' } })
})

test('stop without a reply leaves the caller with the end of the server', async () => {
  class Stops extends GenServer {
    override handleCall() {
      return stop()
    }
  }
  await using node = await startNode()
  const error = await node.call(node.spawn(Stops), 'x').catch(error => error)
  expect(hasCode(error, 'E_CALL_EXIT') && error.fields['exit']).toBe('normal')
})

test('init, casts and messages may stop the server too, also after a promise', async () => {
  class Stops extends GenServer<{ cast: string; info: string }> {
    override init(how: string) {
      if (how === 'init') return stop('init')
      return how === 'later' ? Promise.resolve(stop('later')) : undefined
    }
    override handleCast(reason: string) {
      return stop(reason)
    }
    override async handleInfo(reason: string) {
      return stop(reason)
    }
  }
  await using node = await startNode()
  const down = async (how: string, act: (pid: ReturnType<typeof node.spawn<Stops>>) => void = () => {}) => {
    const { pid } = node.spawnMonitor(Stops, how)
    act(pid)
    return ((await node.receive()) as { reason: unknown }).reason
  }
  expect(await down('init')).toBe('init')
  expect(await down('later')).toBe('later')
  expect(await down('', pid => node.cast(pid, 'cast'))).toBe('cast')
  expect(await down('', pid => node.send(pid, 'info'))).toBe('info')
})

test('what was sent before an async init is done is taken after it', async () => {
  const ready = deferred<void>()
  class Slow extends GenServer {
    #state = 'starting'
    override async init() {
      await ready.promise
      this.#state = 'ready'
    }
    override handleCall() {
      return this.#state
    }
  }
  await using node = await startNode()
  const reply = node.call(node.spawn(Slow), 'state')
  ready.resolve()
  expect(await reply).toBe('ready')
})

test('async handlers run one at a time: the next message waits until the promise settled', async () => {
  const steps: string[] = []
  const gates = new Map([1, 2].map(id => [id, deferred<void>()]))
  class OneAtATime extends GenServer {
    override async handleCall(request: unknown) {
      steps.push(`begin ${request}`)
      await gates.get(request as number)?.promise
      steps.push(`end ${request}`)
      return request
    }
  }
  await using node = await startNode()
  const server = node.spawn(OneAtATime)
  const replies = [node.call(server, 1), node.call(server, 2)]
  gates.get(2)?.resolve()
  gates.get(1)?.resolve()
  expect(await Promise.all(replies)).toEqual([1, 2])
  expect(steps).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2'])
})

test('a server made with new is refused', () => {
  expect(() => new Counter()).toThrow(expect.objectContaining({ code: 'E_NOT_SPAWNED' }))
})

test('a server made inside a callback of another is refused as well', async () => {
  class Maker extends GenServer {
    override handleCall() {
      try {
        new Counter()
        return 'made'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
  }
  await using node = await startNode()
  expect(await node.call(node.spawn(Maker), 'make')).toBe('E_NOT_SPAWNED')
})

test('a message that nobody handles is logged with the server, and the server goes on', async () => {
  const warned: unknown[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (...line: unknown[]) => void warned.push(line) }
  class Silent extends GenServer {
    override handleCall() {
      return 'still here'
    }
  }
  await using node = await startNode({ log })
  const pid = node.spawn(Silent)
  node.send(pid, 'stray')
  expect(await node.call(pid, '')).toBe('still here')
  expect(warned).toEqual([['message without a handleInfo', { pid, server: 'Silent' }]])
})
