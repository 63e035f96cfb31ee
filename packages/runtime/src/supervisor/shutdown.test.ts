import { expect, test } from 'vitest'
import { GenServer, type Pid, type Self } from '../index.ts'
import { codeOf, stage } from './stage.suite.ts'
import { Supervisor } from './supervisor.ts'

type World = Awaited<ReturnType<typeof stage>>

const slow = (world: World, more: object = {}) => ({ id: 'slow', server: world.Slow, args: ['slow'], ...more })

test('a stop ends the children in reverse order, then the supervisor', async () => {
  await using world = await stage()
  const { pid, ref } = world.node.spawnMonitor(Supervisor.of({ children: world.workers('a', 'b', 'c') }))
  await world.settle()
  world.told.length = 0
  await Supervisor.stop(pid, 'enough')
  expect(world.told).toEqual(['-c', '-b', '-a'])
  expect(await world.node.receive()).toMatchObject({ kind: 'down', ref, reason: 'enough' })
  expect(await Supervisor.stop(pid).catch(codeOf)).toBe('E_CALL_EXIT')
})

test('a child that takes longer than its shutdown time is killed, by default after 5000 ms', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: [world.worker('a'), slow(world)] }))
  world.told.length = 0
  const stopped = Supervisor.stop(pid)
  await world.clock.advance(4999)
  expect(world.told).toEqual(['asked to end'])
  await world.clock.advance(1)
  await stopped
  expect(world.told).toEqual(['asked to end', '-slow', '-a'])
})

test('the shutdown time is that of the spec', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: [slow(world, { shutdown: 10 })] }))
  const gone = Supervisor.terminateChild(pid, 'slow')
  await world.clock.advance(10)
  await gone
  expect(world.told).toEqual(['+slow', 'asked to end', '-slow'])
})

test('a brutal kill does not ask', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: [slow(world, { shutdown: 'brutalKill' })] }))
  const [child] = await Supervisor.whichChildren(pid)
  const ref = world.node.monitor(child?.pid as Pid)
  await Supervisor.stop(pid)
  expect(world.told).toEqual(['+slow', '-slow'])
  expect(await world.node.receive({ kind: 'down', ref })).toMatchObject({ reason: 'killed' })
})

test('a supervisor under a supervisor has all the time it needs', async () => {
  await using world = await stage()
  const inner = Supervisor.of({ children: [slow(world, { shutdown: 60_000 })] })
  const pid = await world.node.start(Supervisor.of({ children: [world.worker('a'), { id: 'inner', server: inner }] }))
  world.told.length = 0
  const stopped = Supervisor.stop(pid)
  await world.clock.advance(59_999)
  expect(world.told).toEqual(['asked to end'])
  await world.clock.advance(1)
  await stopped
  expect(world.told).toEqual(['asked to end', '-slow', '-a'])
})

test('the exit of the parent stops the children in reverse order', async () => {
  await using world = await stage()
  const parent = world.node.spawn(async self => {
    await self.startLink({ server: Supervisor.of({ children: world.workers('a', 'b') }), name: 'supervisor' })
    await self.receive()
  })
  await world.settle()
  world.node.monitor('supervisor')
  world.told.length = 0
  world.node.exit(parent, 'over')
  expect(await world.node.receive()).toMatchObject({ kind: 'down', reason: 'over' })
  expect(world.told).toEqual(['-b', '-a'])
})

test('no child outlives a supervisor that is killed: each gets its end along the link', async () => {
  await using world = await stage()
  const children = [...world.workers('a', 'b'), { id: 'f', run: () => new Promise(() => {}), name: 'f' }]
  const pid = await world.node.start(Supervisor.of({ children }))
  for (const name of ['a', 'b', 'f']) world.node.monitor(name)
  world.node.exit(pid, 'kill')
  for (let left = 3; left > 0; left--) {
    expect(await world.node.receive()).toMatchObject({ kind: 'down', reason: 'killed' })
  }
})

test('a child that traps exits may outlive a supervisor that is killed: it is told, and nobody is left to kill it', async () => {
  await using world = await stage()
  const told: unknown[] = []
  const stubborn = async (self: Self) => {
    self.trapExit = true
    for await (const message of self) told.push(message)
  }
  const children = [{ id: 'stubborn', run: stubborn, name: 'stubborn' }, world.worker('a')]
  const pid = await world.node.start(Supervisor.of({ children }))
  await world.settle()
  world.node.exit(pid, 'kill')
  await world.clock.advance(60_000)
  expect(world.told).toEqual(['+a', '-a'])
  expect(world.node.whereis('stubborn')).toBeDefined()
  expect(told).toEqual([{ kind: 'exit', from: pid, reason: 'killed' }])
})

test('a supervisor killed while it starts a child leaves neither that child nor those before', async () => {
  await using world = await stage()
  class Never extends GenServer {
    override init() {
      world.told.push('+never')
      this.signal.addEventListener('abort', () => world.told.push('-never'))
      return new Promise<void>(() => {})
    }
  }
  const children = [world.worker('a'), { id: 'never', server: Never }, world.worker('c')]
  const supervisor = world.node.spawn(Supervisor.of({ children }))
  await world.settle()
  world.node.exit(supervisor, 'kill')
  await world.settle()
  expect(world.told.slice(0, 2)).toEqual(['+a', '+never'])
  expect(world.told.slice(2).sort()).toEqual(['-a', '-never'])
})

test('a supervisor killed while it stops a child leaves none: the others end at once, that one when its time is up', async () => {
  await using world = await stage()
  const supervisor = await world.node.start(Supervisor.of({ children: [world.worker('a'), slow(world)] }))
  const stopped = Supervisor.stop(supervisor).catch(codeOf)
  await world.settle()
  world.told.length = 0
  world.node.exit(supervisor, 'kill')
  await world.settle()
  expect(await stopped).toBe('E_CALL_EXIT')
  expect(world.told).toEqual(['-a'])
  await world.clock.advance(5000)
  expect(world.told).toEqual(['-a', '-slow'])
})

test('the stop of the node leaves nothing to restart', async () => {
  const world = await stage()
  await world.node.start(Supervisor.of({ intensity: Infinity, children: world.workers('a', 'b') }))
  world.told.length = 0
  await world.node.stop()
  await world.settle()
  expect(world.told.sort()).toEqual(['-a', '-b'])
})
