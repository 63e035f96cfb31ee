import { expect, test } from 'vitest'
import { GenServer } from '../gen-server/gen-server.ts'
import type { Pid } from '../pid.ts'
import { startNode } from '../start-node.ts'

function deferred<Value = void>() {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A server whose async handler waits in the middle, and what it does and sees afterwards. */
function waiting() {
  const begun = deferred<void>()
  const gate = deferred<void>()
  const done = deferred<void>()
  const seen: unknown[] = []
  class Waiting extends GenServer {
    override async handleInfo() {
      this.signal.addEventListener('abort', () => seen.push('aborted'))
      begun.resolve()
      await gate.promise
      seen.push(this.send(this.node.pid, 'from the dead'))
      this.cast(this.node.pid, 'from the dead')
      this.exit(this.node.pid, 'from the dead')
      this.link(this.node.pid)
      this.monitor(this.node.pid)
      seen.push(this.alive)
      this.spawnLink(self => self.send(self.node.pid, 'child of the dead'))
      done.resolve()
    }
  }
  return { Waiting, begun, gate, done, seen }
}

test('a handler whose process ended in mid-await has no effects afterwards, and its signal fires', async () => {
  await using node = await startNode()
  const { Waiting, begun, gate, done, seen } = waiting()
  const { pid, ref } = node.spawnMonitor(Waiting)
  node.send(pid, 'go')
  await begun.promise
  node.exit(pid, 'kill')
  expect(seen).toEqual(['aborted'])
  gate.resolve()
  await done.promise
  expect(seen).toEqual(['aborted', true, false])
  node.send(node.pid, 'last')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'killed' })
  expect(await node.receive()).toBe('last')
})

test('a call of a dead process stays open instead of running its continuation', async () => {
  await using node = await startNode()
  const asked = deferred<() => void>()
  const after: unknown[] = []
  const slow = node.spawn(async self => {
    const { from } = (await self.receive()) as { from: { reply(value: unknown): void } }
    asked.resolve(() => from.reply('reply'))
    await self.receive()
  })
  class Asks extends GenServer {
    override async handleInfo({ to, when }: { to: Pid; when?: Promise<void> }) {
      await when
      try {
        after.push(await this.call(to, 'x'))
      } finally {
        after.push('continued')
      }
    }
  }
  const doomed = node.spawn(self => self.receive(() => false))
  const dead = deferred<void>()
  const askers = [
    { to: slow },
    { to: doomed },
    { to: node.spawn(Echo) as Pid, when: dead.promise },
    { to: doomed, when: dead.promise },
  ].map(message => {
    const { pid } = node.spawnMonitor(Asks)
    node.send(pid, message)
    return pid
  })
  const reply = await asked.promise
  await node.call(node.spawn(Echo), 'round trip')
  expect(node.processInfo(doomed)?.openCalls).toBe(1)
  for (const pid of askers) node.exit(pid, 'kill')
  reply()
  dead.resolve()
  await node.call(node.spawn(Echo), 'round trip')
  node.exit(doomed, 'kill')
  for (const from of askers) expect(await node.receive()).toMatchObject({ kind: 'down', from, reason: 'killed' })
  await node.call(node.spawn(Echo), 'round trip')
  expect(after).toEqual([])
})

class Echo extends GenServer {
  override handleCall(request: unknown) {
    return request
  }
}

test('an async handler that exits before its first await ends the server for good', async () => {
  class Exits extends GenServer {
    override async handleCall(): Promise<never> {
      return this.exit('left')
    }
    override async handleCast() {
      this.exit('left')
    }
    override async handleInfo() {
      this.exit(this.pid, 'kill')
      await null
    }
  }
  await using node = await startNode()
  const servers = [1, 2, 3].map(() => node.spawnMonitor(Exits).pid)
  const [one, two, three] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]]
  const reasons: unknown[] = [await node.call(one, '').catch(error => error.fields.exit)]
  node.cast(two, '')
  node.send(three, '')
  for (const _ of servers) reasons.push(((await node.receive()) as { reason: unknown }).reason)
  expect(reasons).toEqual(['left', 'left', 'left', 'killed'])
  await node.call(node.spawn(Echo), 'let promises settle')
  for (const pid of servers) {
    node.monitor(pid)
    expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'noproc' })
    await expect(node.call(pid, '', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  }
})

test('an exit that user code catches has ended the process all the same', async () => {
  class Catches extends GenServer {
    override handleCast() {
      try {
        this.exit('first')
      } catch {}
      this.send(this.node.pid, 'from the dead')
      throw new Error('second')
    }
  }
  await using node = await startNode()
  const { pid } = node.spawnMonitor(Catches)
  node.cast(pid, '')
  expect(await node.receive()).toMatchObject({ reason: 'first' })
  node.send(node.pid, 'last')
  expect(await node.receive()).toBe('last')
})

test('an exit of another process does not pass for the end of the one whose handler it left', async () => {
  await using node = await startNode()
  const idle = deferred<{ exit(reason: unknown): never }>()
  node.spawn(async self => {
    idle.resolve(self)
    await self.receive()
  })
  const other = await idle.promise
  class Meddles extends GenServer {
    override handleCall() {
      return other.exit('ended by another')
    }
  }
  const { pid } = node.spawnMonitor(Meddles)
  await expect(node.call(pid, '', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  expect(await node.receive()).toMatchObject({ reason: { error: { callback: 'handleCall' } } })
})

test('an end by a link inside an async handler ends the server for good', async () => {
  class Linked extends GenServer {
    override async handleInfo() {
      const child = this.spawnLink(self => self.receive())
      this.exit(child, 'both')
      await null
    }
  }
  await using node = await startNode()
  const { pid } = node.spawnMonitor(Linked)
  node.send(pid, '')
  expect(await node.receive()).toMatchObject({ reason: 'both' })
  await node.call(node.spawn(Echo), 'let promises settle')
  await expect(node.call(pid, '', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
})

test('a reply that throws after an await ends the server instead of leaving it stuck', async () => {
  await using node = await startNode()
  class Replies extends GenServer {
    override async handleCall(_request: unknown, from: { reply(value: unknown): void }) {
      // As a reply to another node does, when it holds what cannot be sent there.
      Object.assign(from, {
        reply: () => {
          throw new Error('not encodable')
        },
      })
      await null
    }
  }
  const { pid } = node.spawnMonitor(Replies)
  await expect(node.call(pid, '', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  expect(await node.receive()).toMatchObject({
    reason: { error: { callback: 'handleCall', message: 'not encodable' } },
  })
})
