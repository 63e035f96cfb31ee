// Faults of users' code, of extensions and of peers, each of which once harmed more than it should.
import { createSimulation, VirtualClock } from '@barrel-actors/simulation'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  BarrelError,
  defaultNode,
  type Extension,
  extensionKey,
  GenServer,
  type Log,
  measureMessage,
  type Node,
  noReply,
  type Pid,
  rpc,
  type Self,
  Supervisor,
  send,
  startNode,
} from './index.ts'

const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const codeOf = (error: unknown) => (error as { code?: unknown }).code
const wait = (self: Self) => self.receive()
const throwing = {
  get kind(): string {
    throw new Error('read')
  },
}

let node: Node
const rejections: unknown[] = []
const note = (error: unknown) => rejections.push(error)

beforeEach(async () => {
  node = await startNode({ name: 'a@host' })
  process.on('unhandledRejection', note)
})

afterEach(async () => {
  await node.stop()
  await turn()
  process.off('unhandledRejection', note)
  expect(rejections.splice(0)).toEqual([])
})

/** Exits still go along links of that node. */
async function expectExits(of: Node): Promise<void> {
  const one = of.spawn(wait)
  const other = of.spawn(async (self: Self) => {
    self.link(one)
    await self.receive()
  })
  const ref = of.monitor(other)
  await turn()
  of.exit(one, 'along the link')
  expect(await of.receive({ ref }, { timeoutMs: 1000 })).toMatchObject({ reason: 'along the link' })
}

describe('the end of a process', () => {
  test('a reason that throws when it is read ends every call and every stop, and exits go on', async () => {
    class Silent extends GenServer {
      override handleCall() {
        return noReply
      }
    }
    const server = await node.start(Silent)
    const called = node.call(server, 1, { timeoutMs: Infinity }).catch(codeOf)
    const stopped = GenServer.stop(server, { a: 1 }).catch(codeOf)
    node.exit(server, throwing)
    expect([await called, await stopped]).toEqual(['E_CALL_EXIT', 'E_CALL_EXIT'])
    await expectExits(node)
  })

  test('a name resolver that throws keeps nobody from learning of it', async () => {
    const extension: Extension = {
      key: extensionKey('broken names'),
      install: async host => {
        host.addNameResolver('broken', {
          whereis: () => undefined,
          register: () => true,
          unregister: () => {
            throw new Error('store closed')
          },
        })
        return { api: undefined }
      },
    }
    await using other = await startNode({ name: 'b@host', extensions: [extension] })
    const pid = other.spawn(wait)
    other.register({ via: 'broken', name: 'n' }, pid)
    const ref = other.monitor(pid)
    other.exit(pid, 'bye')
    expect(await other.receive({ ref })).toMatchObject({ reason: 'bye' })
    await expectExits(other)
  })

  test('calls of a process that has ended are withdrawn, here and on another node', async () => {
    await using simulation = createSimulation()
    const [a, b] = [await simulation.startNode({ name: 'a@sim' }), await simulation.startNode({ name: 'b@sim' })]
    class Silent extends GenServer {
      override handleCall() {
        return noReply
      }
    }
    const [near, far] = [a.spawn(Silent), b.spawn(Silent)]
    const callers = Array.from({ length: 20 }, () =>
      a.spawn(async (self: Self) => {
        void self.call(near, 1, { timeoutMs: Infinity })
        await self.call(far, 1, { timeoutMs: Infinity })
      }),
    )
    await simulation.advance(100)
    const open = () => [a.processInfo(near)?.openCalls, b.processInfo(far)?.openCalls]
    expect(open()).toEqual([20, 20])
    for (const caller of callers) a.exit(caller, 'kill')
    await simulation.advance(100)
    expect(open()).toEqual([0, 0])
  })

  test('what users sent is not read for a flush', async () => {
    const pid = node.spawn(wait)
    const ref = node.monitor(pid)
    node.send(node.pid, throwing)
    node.exit(pid, 'over')
    expect(node.demonitor(ref, { flush: true })).toBe(false)
  })
})

test('a call to a node that cannot be leaves nothing behind that rejects later', async () => {
  const clock = new VirtualClock()
  await using other = await startNode({ name: 'b@host', clock })
  expect(() => other.call({ name: 'x', node: 'not a node' }, 1, { timeoutMs: 20 })).toThrow(BarrelError)
  expect(await rpc.as(other).call('not a node', 'f', [], { timeoutMs: 20 }).catch(codeOf)).toBe('E_NODE_NAME_INVALID')
  await clock.advance(100)
  await turn()
})

test('a log that throws stops no process', async () => {
  const bad = () => {
    throw new Error('disk full')
  }
  const log: Log = { debug: bad, info: bad, warn: bad, error: bad }
  await using other = await startNode({ name: 'b@host', log })
  class Crashes extends GenServer {
    override handleCast(): void {
      throw new Error('crash')
    }
  }
  other.cast(other.spawn(Crashes), 1)
  await turn()
  other.spawn((self: Self) => self.send(other.pid, 'ran'))
  expect(await other.receive({}, { timeoutMs: 1000 }).catch(codeOf)).toBe('E_RECEIVE_TIMEOUT')
  expect(await other.receive()).toBe('ran')
})

describe('a supervisor', () => {
  const children = [{ id: 'child', run: wait }]
  const isAlive = (of: Node, pid: Pid) => of.processInfo(pid) !== undefined

  test('takes no message for the exit of a child, whoever sends it', async () => {
    await using simulation = createSimulation()
    const [a, b] = [await simulation.startNode({ name: 'a@sim' }), await simulation.startNode({ name: 'b@sim' })]
    const supervisor = b.spawn(Supervisor.of({ children })) as Pid
    b.register('sup', supervisor)
    await simulation.advance(10)
    const [child] = b.processes().slice(-1) as [Pid]
    b.send(supervisor, { kind: 'exit', from: 'x', reason: 1 })
    for (const from of ['x', child]) a.send({ name: 'sup', node: b.name }, { kind: 'exit', from, reason: 1 })
    await simulation.advance(100)
    expect([isAlive(b, supervisor), b.processes().slice(-1)]).toEqual([true, [child]])
  })

  test('answers what throws when it is read, and tells a reason that cannot cross as a text', async () => {
    const supervisor = await node.start(Supervisor.of({ children }))
    const odd = {
      get kind(): never {
        throw new Error('read')
      },
    }
    expect(await node.call(supervisor, odd)).toMatchObject({ code: 'E_OPTION_INVALID' })
    class Odd {}
    class Never extends GenServer {
      override init(): void {
        this.exit({ handle: new Odd() })
      }
    }
    const failed = await Supervisor.startChild(supervisor, { id: 'never', server: Never }).catch(error => error)
    expect(failed).toMatchObject({ code: 'E_CHILD_START_FAILED' })
    expect(() => measureMessage(failed.fields)).not.toThrow()
    expect(isAlive(node, supervisor as Pid)).toBe(true)
  })
})

describe('the root of a node', () => {
  test('cannot be ended, nor made to heed exits', async () => {
    expect(() => node.exit('x')).toThrow(/lives as long/)
    expect(() => Object.assign(node, { trapExit: false })).toThrow(/traps exits/)
    node.spawn((self: Self) => self.exit(node.pid, 'boom'))
    expect(await node.receive()).toMatchObject({ kind: 'exit', reason: 'boom' })
    expect(node.alive).toBe(true)
  })

  test('using its pid, or its own in a process, disturbs nobody', async () => {
    {
      using _root = node.pid
    }
    node.spawn((self: Self) => {
      {
        using _own = self.pid
      }
      self.send(node.pid, 'still here')
    })
    expect(await node.receive()).toBe('still here')
  })
})

test('the names of the runtime itself are not stopped: what rpc runs stays counted', async () => {
  node.expose({ f: () => 1 })
  await expect(GenServer.stop('$rpc')).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  expect(await rpc.as(node).call(node.name, 'f', [])).toBe(1)
})

test('a name that no node can hold is refused where it is written, and the channel lives on', async () => {
  await using simulation = createSimulation()
  const [a, b] = [await simulation.startNode({ name: 'a@sim' }), await simulation.startNode({ name: 'b@sim' })]
  await simulation.until(a.connect(b.name))
  expect(() => a.send({ name: 'x'.repeat(256), node: b.name }, 1)).toThrow(BarrelError)
  expect(a.nodes()).toEqual([b.name])
})

test('what is like a promise and calls back twice is one answer, and one message at a time is handled', async () => {
  const order: string[] = []
  class Odd extends GenServer {
    override handleCall(request: string): unknown {
      order.push(`begin ${request}`)
      if (request === 'odd') {
        const twice = (done: (value: string) => void) => {
          done('a')
          setImmediate(() => done('b'))
        }
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        return { then: twice }
      }
      return turn()
        .then(turn)
        .then(() => {
          order.push(`end ${request}`)
          return request
        })
    }
  }
  const server = node.spawn(Odd)
  expect(await Promise.all(['odd', 'x', 'y'].map(request => node.call(server, request)))).toEqual(['a', 'x', 'y'])
  expect(order).toEqual(['begin odd', 'begin x', 'end x', 'begin y', 'end y'])
})

test('a message with a then is refused where it is received, and those behind it come', async () => {
  const seen: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    for (let count = 0; count < 4; count++) seen.push(await self.receive().catch(codeOf))
  })
  await turn()
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  for (const message of [{ then() {} }, 'plain', { then: 5 }]) send(pid, message)
  await turn()
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  send(pid, { then() {} })
  await turn()
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  expect(seen).toEqual(['E_MESSAGE_THENABLE', 'plain', { then: 5 }, 'E_MESSAGE_THENABLE'])
})

test('a pattern that acts on its own process takes no other message than it has seen', async () => {
  const pid = node.spawn(wait)
  const ref = node.monitor(pid)
  node.exit(pid, 'over')
  for (const message of ['b', 'c']) node.send(node.pid, message)
  const codes: unknown[] = []
  const got = await node.receive(message => {
    node.demonitor(ref, { flush: true })
    void node.receive().catch(error => codes.push(codeOf(error)))
    return message === 'b'
  })
  expect([got, await node.receive(), codes[0]]).toEqual(['b', 'c', 'E_RECEIVE_BUSY'])
})

test('lives of the default node are told apart', async () => {
  const first = defaultNode()
  expect(first.name).toBe('a@host')
  await node.stop()
  const alone = defaultNode()
  await alone.stop()
  const next = defaultNode()
  expect(next.creation).toBeGreaterThan(alone.creation)
  expect((await startNode()).creation).toBeGreaterThan(next.creation)
})

test('what was sent to nodes that cannot be reached is not kept without a carrier', () => {
  for (let count = 0; count < 100; count++) node.send({ name: 'x', node: `n${count}@host` }, 1)
  expect(node.remotes.isAlone).toBe(true)
})
