import { createSimulation } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { GenServer, type Pid, type Self, startNode, stop } from '../index.ts'

/** Notes what it does, and how it was told to end. */
class Worker extends GenServer {
  static readonly notes: unknown[] = []
  override async init(slowly?: Promise<void>) {
    await slowly
    Worker.notes.push('init')
  }
  override handleInfo(message: unknown) {
    Worker.notes.push(message)
  }
  override async terminate(reason: unknown) {
    await Promise.resolve()
    Worker.notes.push({ terminated: reason })
  }
}

const taken = () => Worker.notes.splice(0)

test('leaving the block of await using stops a server in order, and has waited for its end', async () => {
  await using node = await startNode()
  let pid: Pid | undefined
  {
    await using worker = node.spawn(Worker)
    pid = worker
    node.send(worker as Pid, 'sent before')
  }
  expect(taken()).toEqual(['init', 'sent before', { terminated: 'normal' }])
  expect(node.processInfo(pid as Pid)).toBe(undefined)
})

test('leaving the block of using has a server stopped in order, later', async () => {
  await using node = await startNode()
  {
    using worker = node.spawn(Worker)
    node.monitor(worker)
  }
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'normal' })
  expect(taken()).toEqual(['init', { terminated: 'normal' }])
})

test('a pid whose process has ended, or whose node has stopped, can be left all the same', async () => {
  await using node = await startNode({ name: 'a@host' })
  const other = await startNode({ name: 'b@host' })
  {
    await using dead = node.spawn(Worker)
    await using _ = other.spawn(Worker)
    node.exit(dead, 'kill')
    await other.stop()
  }
  taken()
})

test('a stop waits for init and for what was sent before; what is sent after it is not taken', async () => {
  await using node = await startNode()
  let go = () => {}
  const pid = node.spawn(Worker, new Promise<void>(resolve => (go = resolve)))
  node.send(pid as Pid, 'before')
  const stopped = GenServer.stop(pid, { over: true })
  node.send(pid as Pid, 'after')
  go()
  await stopped
  expect(taken()).toEqual(['init', 'before', { terminated: { over: true } }])
})

test('a stop that is given up before its turn does not happen', async () => {
  await using simulation = createSimulation()
  const node = await simulation.startNode({ name: 'a@sim' })
  let go = () => {}
  const pid = node.spawn(Worker, new Promise<void>(resolve => (go = resolve)))
  const given = GenServer.stop(pid, 'late', { timeoutMs: 10 }).catch(error => error.code)
  await simulation.advance(20)
  go()
  await simulation.advance(20)
  expect([await given, taken(), node.processInfo(pid)?.status]).toEqual(['E_CALL_TIMEOUT', ['init'], 'waiting'])
})

test('a server that ends otherwise, or is not there, is an error with that reason', async () => {
  await using node = await startNode()
  class Stubborn extends GenServer {
    override handleInfo() {
      return stop('its own')
    }
  }
  const pid = node.spawn(Stubborn)
  node.send(pid as Pid, 'stop by yourself')
  await expect(GenServer.stop(pid)).rejects.toMatchObject({ code: 'E_CALL_EXIT', fields: { exit: 'its own' } })
  await expect(GenServer.stop('nobody')).rejects.toMatchObject({ code: 'E_CALL_EXIT', fields: { exit: 'noproc' } })
  await expect(GenServer.stop(node.pid)).rejects.toMatchObject({ code: 'E_CALL_SELF' })
})

test('the root of a node is not stopped, and whoever wishes it is told', async () => {
  await using a = await startNode({ name: 'a@host' })
  const asked: unknown[] = []
  a.spawn(async (self: Self) => {
    asked.push(await GenServer.stop(a.pid, 'please').catch(error => error.fields.exit))
    self.send(a.pid, 'asked')
  })
  expect([await a.receive(), a.alive]).toEqual(['asked', true])
  expect(asked).toMatchObject([{ error: { code: 'E_ROOT_EXIT' } }])
})
