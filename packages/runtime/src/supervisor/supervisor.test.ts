import { expect, test } from 'vitest'
import { GenServer, type Pid, type Self, stop } from '../index.ts'
import { stage } from './stage.suite.ts'
import { Supervisor } from './supervisor.ts'

test('a class says in init what it supervises, and children start in order, each through its async init', async () => {
  await using world = await stage()
  class MySupervisor extends Supervisor {
    override async init(...ids: string[]) {
      await null
      return { children: world.workers(...ids) }
    }
  }
  await world.node.start(MySupervisor, 'a', 'b', 'c')
  expect(world.told).toEqual(['+a', '+b', '+c'])
})

test('the next child waits until the one before is through its init', async () => {
  await using world = await stage()
  const { Gated, open } = world.gated()
  const children = [{ id: 'gated', server: Gated }, world.worker('b')]
  const started = world.node.start(Supervisor.of({ children }))
  await world.settle()
  expect(world.told).toEqual([])
  open()
  await started
  expect(world.told).toEqual(['+b'])
})

test('oneForOne restarts the child that ended and no other', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: world.workers('a', 'b', 'c') }))
  world.told.length = 0
  expect(await world.end('b', 'boom')).toEqual(['-b', '+b'])
  expect((await Supervisor.whichChildren(pid)).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('oneForAll stops the others in reverse order and starts all in order', async () => {
  await using world = await stage()
  await world.node.start(Supervisor.of({ strategy: 'oneForAll', children: world.workers('a', 'b', 'c') }))
  world.told.length = 0
  expect(await world.end('b', 'boom')).toEqual(['-b', '-c', '-a', '+a', '+b', '+c'])
})

test('restForOne restarts the child that ended and those after it', async () => {
  await using world = await stage()
  await world.node.start(Supervisor.of({ strategy: 'restForOne', children: world.workers('a', 'b', 'c') }))
  world.told.length = 0
  expect(await world.end('b', 'boom')).toEqual(['-b', '-c', '+b', '+c'])
})

test('a transient child is restarted after an abnormal end only, and keeps its spec otherwise', async () => {
  await using world = await stage()
  const children = [world.worker('a', { restart: 'transient' })]
  const pid = await world.node.start(Supervisor.of({ intensity: 9, children }))
  world.told.length = 0
  expect(await world.end('a', 'boom')).toEqual(['-a', '+a'])
  for (const reason of ['normal', 'shutdown', { shutdown: 'done' }]) {
    expect(await world.end('a', reason)).toEqual(['-a'])
    expect(await Supervisor.whichChildren(pid)).toMatchObject([{ id: 'a', state: 'stopped', pid: undefined }])
    await Supervisor.restartChild(pid, 'a')
    world.told.length = 0
  }
})

test('a permanent child is restarted even after a normal end', async () => {
  await using world = await stage()
  await world.node.start(Supervisor.of({ children: world.workers('a') }))
  world.told.length = 0
  expect(await world.end('a', 'normal')).toEqual(['-a', '+a'])
})

test('a temporary child is forgotten when it ends, and when others take it down', async () => {
  await using world = await stage()
  const children = [
    world.worker('a', { restart: 'temporary' }),
    world.worker('b', { restart: 'temporary' }),
    world.worker('c'),
  ]
  const pid = await world.node.start(Supervisor.of({ strategy: 'oneForAll', children }))
  world.told.length = 0
  expect(await world.end('a', 'boom')).toEqual(['-a'])
  expect(await world.end('c', 'boom')).toEqual(['-c', '-b', '+c'])
  expect(await Supervisor.countChildren(pid)).toEqual({ specs: 1, active: 1, supervisors: 0, workers: 1 })
})

test('one restart in five seconds is borne; with one more all children are stopped and it exits with shutdown', async () => {
  await using world = await stage()
  const { ref } = world.node.spawnMonitor(Supervisor.of({ children: world.workers('a', 'b', 'c') }))
  await world.settle()
  world.told.length = 0
  expect(await world.end('b', 'boom')).toEqual(['-b', '+b'])
  await world.clock.advance(5001)
  expect(await world.end('b', 'boom')).toEqual(['-b', '+b'])
  await world.clock.advance(5000)
  expect(await world.end('b', 'boom')).toEqual(['-b', '-c', '-a'])
  expect(await world.node.receive()).toMatchObject({ kind: 'down', ref, reason: 'shutdown' })
})

test('a restart that fails is tried again, each time at the cost of the intensity', async () => {
  await using world = await stage()
  const { pid, ref } = world.node.spawnMonitor(Supervisor.of({ intensity: 3, children: world.workers('a') }))
  await world.settle()
  world.told.length = 0
  world.failures.set('a', 2)
  expect(await world.end('a', 'boom')).toEqual(['-a', '!a', '!a', '+a'])
  expect(await Supervisor.countChildren(pid)).toMatchObject({ active: 1 })
  await world.clock.advance(5001)
  world.failures.set('a', 3)
  expect(await world.end('a', 'boom')).toEqual(['-a', '!a', '!a', '!a'])
  expect(await world.node.receive()).toMatchObject({ kind: 'down', ref, reason: 'shutdown' })
})

test('a child that fails at start-up fails the start, after those before it were stopped in reverse order', async () => {
  await using world = await stage()
  world.failures.set('c', 1)
  const error = await world.node.startLink(Supervisor.of({ children: world.workers('a', 'b', 'c', 'd') })).catch(e => e)
  expect(error).toMatchObject({
    code: 'E_START_FAILED',
    fields: { exit: { error: { code: 'E_CHILD_START_FAILED', cause: { code: 'E_START_FAILED' } } } },
  })
  expect(error.message).toContain('The child c did not start: Error: no luck in init')
  expect(world.told).toEqual(['+a', '+b', '!c', '-b', '-a'])
  expect(world.node.registeredNames()).toEqual([])
})

test('the name of a child is taken over by its next life', async () => {
  await using world = await stage()
  await world.node.start(Supervisor.of({ children: world.workers('a') }))
  const before = world.node.whereis('a')
  await world.end('a', 'boom')
  expect(world.node.whereis('a')).toBeDefined()
  expect(world.node.whereis('a')?.equals(before)).toBe(false)
})

test('a function can be a child', async () => {
  await using world = await stage()
  const lives: Pid[] = []
  const run = async (self: Self) => {
    lives.push(self.pid)
    await self.receive()
  }
  const pid = await world.node.start(Supervisor.of({ children: [{ id: 'f', run, name: 'f' }] }))
  await world.end('f', 'go on')
  expect(lives).toHaveLength(2)
  expect((await Supervisor.whichChildren(pid))[0]?.pid).toBe(lives[1])
})

test('exits and requests that come while it starts a child wait, and none is lost', async () => {
  await using world = await stage()
  const { Gated, open } = world.gated()
  const children = world.workers('a', 'b')
  const pid = await world.node.start(Supervisor.of({ strategy: 'oneForAll', intensity: 9, children }))
  const started = Supervisor.startChild(pid, { id: 'gated', server: Gated })
  await world.settle()
  world.told.length = 0
  expect(await world.end('a', 'boom')).toEqual(['-a'])
  const gone = Supervisor.terminateChild(pid, 'b')
  const known = Supervisor.whichChildren(pid)
  open()
  await started
  await gone
  expect((await known).map(({ id, state }) => [id, state])).toEqual([
    ['a', 'running'],
    ['b', 'stopped'],
    ['gated', 'running'],
  ])
  expect(world.told).toEqual(['-b', '+a', '+b', '-b'])
})

test('a child that started and ended while others start is restarted afterwards', async () => {
  await using world = await stage()
  const { Gated, open } = world.gated()
  const started = world.node.start(Supervisor.of({ children: [world.worker('a'), { id: 'gated', server: Gated }] }))
  await world.settle()
  expect(await world.end('a', 'boom')).toEqual(['+a', '-a'])
  open()
  await started
  await world.settle()
  expect(world.told).toEqual(['+a'])
})

test('an exit from a stranger, or from a child that lives on, ends nothing', async () => {
  await using world = await stage()
  class Impostor extends GenServer {
    override handleInfo(supervisor: unknown) {
      this.exit(supervisor as Pid, 'boom')
      return undefined
    }
  }
  const children = [world.worker('a'), { id: 'impostor', server: Impostor, name: 'impostor' }]
  const pid = await world.node.start(Supervisor.of({ children }))
  const before = await Supervisor.whichChildren(pid)
  world.node.exit(pid, 'boom')
  world.node.send('impostor', pid)
  world.node.send(pid as Pid, 'noise')
  world.node.cast(pid as Pid, 'noise')
  await world.settle()
  expect(await Supervisor.whichChildren(pid)).toEqual(before)
})

test('what no supervisor answers is refused at the caller', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({}))
  expect(await world.node.call(pid as Pid, undefined)).toMatchObject({ code: 'E_OPTION_INVALID' })
  expect(await world.node.call(pid as Pid, { kind: 'dance' })).toMatchObject({ code: 'E_OPTION_INVALID' })
})

test('a supervisor under a supervisor gives up alone, and is restarted with its children', async () => {
  await using world = await stage()
  const inner = Supervisor.of({ intensity: 0, children: world.workers('a', 'b') })
  const children = [world.worker('first'), { id: 'inner', server: inner }]
  const pid = await world.node.start(Supervisor.of({ children }))
  expect(await Supervisor.countChildren(pid)).toEqual({ specs: 2, active: 2, supervisors: 1, workers: 1 })
  world.told.length = 0
  expect(await world.end('a', 'boom')).toEqual(['-a', '-b', '+a', '+b'])
  await Supervisor.stop(pid)
  expect(world.told).toEqual(['-b', '-a', '-first'])
})

test('a server that stops in init counts as one that did not start', async () => {
  await using world = await stage()
  class Unwilling extends GenServer {
    override init() {
      return stop('no need')
    }
  }
  const pid = await world.node.start(Supervisor.of({}))
  const error = await Supervisor.startChild(pid, { id: 'a', server: Unwilling }).catch(problem => problem)
  expect(error).toMatchObject({ code: 'E_CHILD_START_FAILED', fields: { id: 'a', exit: 'no need' } })
  expect(await Supervisor.whichChildren(pid)).toEqual([])
})
