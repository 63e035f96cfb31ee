import { expect, test } from 'vitest'
import { BarrelError } from '../errors.ts'
import type { ErrorInfo } from '../exit-reason.ts'
import type { Node } from '../node.ts'
import type { Down } from '../process/monitor.ts'
import { startNode } from '../start-node.ts'
import { GenServer } from './gen-server.ts'
import { stop } from './outcome.ts'

function deferred<Value = void>() {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

async function errorOf(node: Node): Promise<ErrorInfo> {
  return ((await node.receive()) as { reason: { error: ErrorInfo } }).reason.error
}

class Fails extends GenServer<{ call: (how: string) => never; cast: string; info: string }> {
  override init(how?: string): void | Promise<void> {
    return this.#fail(how)
  }
  override handleCall(how: string): never {
    return this.#fail(how) as never
  }
  override handleCast(how: string): void | Promise<void> {
    return this.#fail(how)
  }
  override handleInfo(how: string): void | Promise<void> {
    return this.#fail(how)
  }
  #fail(how?: string): void | Promise<void> {
    const error = new RangeError('boom', { cause: new Error('root cause') })
    if (how === 'throw') throw error
    if (how === 'reject') return Promise.reject(error)
  }
}

for (const how of ['throw', 'reject']) {
  test(`a ${how} in a callback ends the server with a reason that names the callback and keeps the cause`, async () => {
    await using node = await startNode()
    const seen: ErrorInfo[] = []
    node.spawnMonitor(Fails, how)
    seen.push(await errorOf(node))
    const call = node.spawnMonitor(Fails)
    node.call(call.pid, how).catch(() => {})
    seen.push(await errorOf(node))
    node.cast(node.spawnMonitor(Fails).pid, how)
    seen.push(await errorOf(node))
    node.send(node.spawnMonitor(Fails).pid, how)
    seen.push(await errorOf(node))
    expect(seen.map(info => info.callback)).toEqual(['init', 'handleCall', 'handleCast', 'handleInfo'])
    for (const info of seen) {
      expect(info).toMatchObject({ name: 'RangeError', message: 'boom', cause: { message: 'root cause' } })
      expect(info.stack).toContain('server-crash.test.ts')
    }
  })
}

test('a throw in the constructor names the constructor', async () => {
  class Broken extends GenServer {
    readonly field: number = (() => {
      throw new Error('field')
    })()
  }
  await using node = await startNode()
  node.spawnMonitor(Broken)
  expect(await errorOf(node)).toMatchObject({ message: 'field', callback: 'constructor' })
})

test('a server without the callback for what it was sent ends with E_SERVER_CALLBACK', async () => {
  class Empty extends GenServer {}
  await using node = await startNode()
  const { pid } = node.spawnMonitor(Empty)
  await expect(node.call(pid, 'x')).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  expect(await errorOf(node)).toMatchObject({ code: 'E_SERVER_CALLBACK', callback: 'handleCall' })
  node.cast(node.spawnMonitor(Empty).pid, 'x')
  expect(await errorOf(node)).toMatchObject({ code: 'E_SERVER_CALLBACK', callback: 'handleCast' })
})

test('the caller of a crashed server learns the reason of the end', async () => {
  await using node = await startNode()
  const error = await node.call(node.spawn(Fails), 'throw').catch(error => error)
  expect(error).toBeInstanceOf(BarrelError)
  expect(error.code).toBe('E_CALL_EXIT')
  expect(error.fields.exit.error).toMatchObject({ name: 'RangeError', callback: 'handleCall' })
  expect(error.message).toContain('RangeError: boom in handleCall')
})

function terminating(ended: unknown[]) {
  return class Terminating extends GenServer {
    override init(how?: string) {
      if (how === 'throw') throw new Error('init')
      return how === 'stop' ? stop('init') : undefined
    }
    override handleCast(how: unknown) {
      if (how === 'throw') throw new Error('cast')
      return stop(how)
    }
    override handleCall() {
      return 'alive'
    }
    override terminate(reason: unknown) {
      ended.push(reason)
    }
  }
}

test('terminate runs when the server stops and when it crashes', async () => {
  await using node = await startNode()
  const ended: unknown[] = []
  const Server = terminating(ended)
  node.cast(node.spawnMonitor(Server).pid, 'weekend')
  await node.receive()
  node.cast(node.spawnMonitor(Server).pid, 'throw')
  await node.receive()
  expect(ended).toEqual(['weekend', { error: expect.objectContaining({ message: 'cast', callback: 'handleCast' }) }])
})

test('terminate does not run when the server is killed, ended by a link or an exit, or never got through init', async () => {
  await using node = await startNode()
  const ended: unknown[] = []
  const Server = terminating(ended)
  const killed = node.spawnMonitor(Server)
  await node.call(killed.pid, '')
  node.exit(killed.pid, 'kill')
  expect(await node.receive()).toMatchObject({ reason: 'killed' })
  const exited = node.spawnMonitor(Server)
  await node.call(exited.pid, '')
  node.exit(exited.pid, 'shutdown')
  expect(await node.receive()).toMatchObject({ reason: 'shutdown' })
  const linked = node.spawnMonitor(Server)
  await node.call(linked.pid, '')
  node.spawn(self => {
    self.link(linked.pid)
    self.exit('abnormal')
  })
  expect(await node.receive()).toMatchObject({ kind: 'down', ref: linked.ref, reason: 'abnormal' })
  for (const how of ['throw', 'stop']) {
    node.spawnMonitor(Server, how)
    await node.receive()
  }
  expect(ended).toEqual([])
})

test('an async terminate is waited for, before links and monitors learn of the end', async () => {
  const order: string[] = []
  const gate = deferred<void>()
  const begun = deferred<void>()
  class Slow extends GenServer {
    override handleCast() {
      return stop('over')
    }
    override async terminate() {
      begun.resolve()
      await gate.promise
      order.push('terminated')
    }
  }
  await using node = await startNode()
  const { pid } = node.spawnMonitor(Slow)
  node.cast(pid, '')
  await begun.promise
  gate.resolve()
  order.push(((await node.receive()) as Down).reason as string)
  expect(order).toEqual(['terminated', 'over'])
})

test('what is sent while an async terminate runs is never handled', async () => {
  const handled: unknown[] = []
  const gate = deferred<void>()
  class Slow extends GenServer {
    override handleCast(request: unknown) {
      handled.push(request)
      return stop('over')
    }
    override terminate() {
      return gate.promise
    }
  }
  await using node = await startNode()
  const { pid } = node.spawnMonitor(Slow)
  node.cast(pid, 'first')
  node.cast(pid, 'second')
  const call = node.call(pid, 'third').catch(error => error.fields.exit)
  gate.resolve()
  await node.receive()
  expect(await call).toBe('over')
  expect(handled).toEqual(['first'])
})

test('a terminate that fails gives its own reason, sync or async', async () => {
  class Worse extends GenServer {
    override handleCast(how: unknown) {
      return stop(how)
    }
    override terminate(how: unknown) {
      if (how === 'sync') throw new Error('worse')
      return Promise.reject(new Error('worse'))
    }
  }
  await using node = await startNode()
  for (const how of ['sync', 'async']) {
    node.cast(node.spawnMonitor(Worse).pid, how)
    expect(await errorOf(node)).toMatchObject({ message: 'worse', callback: 'terminate' })
  }
})
