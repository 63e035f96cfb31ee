import { expect, test } from 'vitest'
import { defaultNode, GenServer, monitor, type Pid, spawn, startNode } from './index.ts'

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

const codeOf = (error: unknown) => (error as { code?: unknown }).code

test('the root of a node cannot be killed: the wish is a message', async () => {
  const node = await startNode()
  node.exit(node.pid, 'kill')
  expect(await node.receive()).toMatchObject({ kind: 'exit', from: node.pid, reason: 'kill' })
  expect(await node.call(node.spawn(Echo), 'still here')).toBe('still here')
})

test('a call on a node that has stopped is refused in place of waiting for ever', async () => {
  const node = await startNode()
  const echo = node.spawn(Echo)
  await node.stop()
  expect(await node.call(echo, 1).catch(codeOf)).toBe('E_NODE_STOPPED')
})

test('a process that calls itself is told so', async () => {
  const node = await startNode()
  class Selfish extends GenServer {
    override async handleCall(): Promise<unknown> {
      return this.call(this.pid, 1).catch(codeOf)
    }
  }
  expect(await node.call(node.spawn(Selfish), 'go')).toBe('E_CALL_SELF')
})

test('what is no code cannot be spawned', async () => {
  const node = await startNode()
  expect(() => node.spawn(undefined as never)).toThrow(expect.objectContaining({ code: 'E_SPAWN_INVALID' }))
})

test('a callback may return anything with a then', async () => {
  const node = await startNode()
  class Query extends GenServer {
    override handleCall(request: unknown): unknown {
      // biome-ignore lint/suspicious/noThenProperty: what the query builders of databases return
      return { then: (done: (rows: unknown) => void) => done(['row', request]) }
    }
  }
  expect(await node.call(node.spawn(Query), 1)).toEqual(['row', 1])
})

test('two lives of a name within one second are told apart', async () => {
  const first = await startNode({ name: 'twice@here' })
  const second = await startNode({ name: 'twice@here' })
  expect(second.creation).toBeGreaterThan(first.creation)
  await Promise.all([first.stop(), second.stop()])
})

test('module functions watch for the default node, whatever node the watched one is on', async () => {
  const first = await startNode({ name: 'first@here' })
  const second = await startNode({ name: 'second@here' })
  expect(defaultNode()).toBe(first)
  // Two nodes without a carrier cannot reach each other, although they share an OS process.
  const ref = monitor(second.spawn(Echo))
  expect(await first.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  await Promise.all([first.stop(), second.stop()])
})

test('a listener of an abort acts for nobody in particular', async () => {
  const node = await startNode({ name: 'busy@here' })
  const elsewhere = await startNode({ name: 'elsewhere@here' })
  let started: Pid | undefined
  const { pid: victim, ref } = elsewhere.spawnMonitor(self => {
    self.signal.addEventListener('abort', () => {
      started = spawn(other => other.receive())
    })
    return self.receive()
  })
  await elsewhere.call(elsewhere.spawn(Echo), 'the victim runs')
  elsewhere.spawn(self => self.exit(victim, 'kill'))
  expect(await elsewhere.receive()).toMatchObject({ ref, reason: 'killed' })
  expect(started?.node).toBe(node.name)
  await Promise.all([node.stop(), elsewhere.stop()])
})

test('scheduler options that make no sense are refused', async () => {
  const start = startNode({ scheduler: { sliceMessagesMax: 0 } })
  await expect(start).rejects.toMatchObject({ code: 'E_OPTION_INVALID' })
})
