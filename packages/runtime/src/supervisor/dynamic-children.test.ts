import { expect, expectTypeOf, test } from 'vitest'
import { GenServer, type Pid, type PidOf } from '../index.ts'
import type { ChildSpec } from './child-spec.ts'
import { codeOf, stage } from './stage.suite.ts'
import { Supervisor } from './supervisor.ts'

class Counter extends GenServer<{ call: (request: 'read') => number }> {
  #count = 0
  override init(count: number) {
    this.#count = count
  }
  override handleCall() {
    return this.#count
  }
}

test('a child that is added is started behind the others, and its pid is typed', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: world.workers('a') }))
  const counter = await Supervisor.startChild(pid, { id: 'counter', server: Counter, args: [5] })
  expectTypeOf(counter).toEqualTypeOf<PidOf<Counter>>()
  expect(await world.node.call(counter, 'read')).toBe(5)
  const listed = { id: 'counter', pid: counter, state: 'running', kind: 'worker', restart: 'permanent' }
  expect((await Supervisor.whichChildren(pid))[1]).toEqual(listed)
})

test('what init takes is checked by the compiler where a child is added, and by Supervisor.child in a list', () => {
  const never = (_: (pid: PidOf<Supervisor>) => unknown) => {}
  never(pid => {
    // @ts-expect-error: a count is a number
    void Supervisor.startChild(pid, { id: 'counter', server: Counter, args: ['5'] })
    // @ts-expect-error: nobody has such a restart
    void Supervisor.startChild(pid, { id: 'counter', server: Counter, args: [5], restart: 'always' })
    // @ts-expect-error: it has no id
    void Supervisor.of({ children: [{ server: Counter }] })
    // @ts-expect-error: nobody has such a strategy
    void Supervisor.of({ strategy: 'oneForTwo' })
    // @ts-expect-error: not a server
    void Supervisor.startChild({} as PidOf<Counter>, { id: 'counter', server: Counter, args: [5] })
  })
  // @ts-expect-error: a count is a number
  expect(Supervisor.child({ id: 'counter', server: Counter, args: ['5'] })).toMatchObject({ args: ['5'] })
  expectTypeOf(Supervisor.child({ id: 'counter', server: Counter, args: [5] })).toEqualTypeOf<ChildSpec>()
})

test('a child that is terminated keeps its spec, can be started again, and be deleted while it does not run', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: world.workers('a', 'b') }))
  world.told.length = 0
  expect(await Supervisor.deleteChild(pid, 'a').catch(codeOf)).toBe('E_CHILD_NOT_STOPPED')
  expect(await Supervisor.restartChild(pid, 'a').catch(codeOf)).toBe('E_CHILD_NOT_STOPPED')
  await Supervisor.terminateChild(pid, 'a')
  await Supervisor.terminateChild(pid, 'a')
  expect(await Supervisor.countChildren(pid)).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 })
  const again = await Supervisor.restartChild(pid, 'a')
  expect(again).toBe(world.node.whereis('a'))
  expect(world.told).toEqual(['-a', '+a'])
  await Supervisor.terminateChild(pid, 'a')
  await Supervisor.deleteChild(pid, 'a')
  expect((await Supervisor.whichChildren(pid)).map(({ id }) => id)).toEqual(['b'])
})

test('a temporary child that is terminated is forgotten', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: [world.worker('a', { restart: 'temporary' })] }))
  await Supervisor.terminateChild(pid, 'a')
  expect(await Supervisor.restartChild(pid, 'a').catch(codeOf)).toBe('E_CHILD_UNKNOWN')
})

test('ids are unique, and unknown ones are refused by a code', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ children: world.workers('a') }))
  const add = (id: string) => Supervisor.startChild(pid, { id, run: () => new Promise(() => {}) })
  expect(await add('a').catch(codeOf)).toBe('E_CHILD_EXISTS')
  await add('b')
  expect(await add('b').catch(codeOf)).toBe('E_CHILD_EXISTS')
  expect(await Supervisor.terminateChild(pid, 'x').catch(codeOf)).toBe('E_CHILD_UNKNOWN')
  expect(await Supervisor.deleteChild(pid, 'x').catch(codeOf)).toBe('E_CHILD_UNKNOWN')
})

test('a spec with a hole never reaches the supervisor', async () => {
  await using world = await stage()
  const notes: unknown[] = []
  const pid = world.node.spawn(async self => {
    for await (const message of self) notes.push(message)
  })
  const error = Supervisor.startChild(pid as never, { id: 'a' } as never).catch(problem => problem)
  await world.settle()
  expect(notes).toEqual([])
  expect(await error).toMatchObject({ code: 'E_CHILD_SPEC_INVALID', fields: { id: 'a', field: 'server' } })
})

test('a child that does not start is not kept, and its name taken by another is told', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({}))
  world.node.register('a', world.node.pid)
  const error = await Supervisor.startChild(pid, world.worker('a') as never).catch(problem => problem)
  expect(error).toMatchObject({ code: 'E_CHILD_START_FAILED' })
  expect(error.message).toContain('The name a is held')
  expect(await Supervisor.whichChildren(pid)).toEqual([])
})

test('a supervisor is reached by its name too', async () => {
  await using world = await stage()
  await world.node.start({ server: Supervisor.of({ children: world.workers('a') }), name: 'supervisor' })
  const destination = { name: 'supervisor', node: world.node.name }
  class Asker extends GenServer<{ call: (request: 'ids') => Promise<string[]> }> {
    override async handleCall() {
      return (await Supervisor.whichChildren(destination)).map(({ id }) => id)
    }
  }
  const asker = await world.node.start(Asker)
  expect(await world.node.call(asker as Pid, 'ids')).toEqual(['a'])
})

test('a child that is to be restarted can be terminated instead', async () => {
  await using world = await stage()
  const pid = await world.node.start(Supervisor.of({ intensity: Infinity, children: world.workers('a') }))
  world.failures.set('a', 1_000)
  world.node.send('a', 'boom')
  const states: unknown[] = []
  const watcher = async () => {
    for (let turn = 0; turn < 50; turn++) await null
    states.push((await Supervisor.whichChildren(pid))[0]?.state)
    await Supervisor.terminateChild(pid, 'a')
  }
  await watcher()
  const failed = world.failures.get('a')
  await world.settle()
  expect(states).toEqual(['restarting'])
  expect(failed).toBeGreaterThan(900)
  expect(world.failures.get('a')).toBe(failed)
  expect(await Supervisor.whichChildren(pid)).toMatchObject([{ state: 'stopped' }])
})

test('a time-out of the request that is undefined is none, as one that is not given', async () => {
  await using world = await stage()
  const { Gated, open } = world.gated()
  const supervisor = await world.node.start(Supervisor.of({ children: [] }))
  const started = Supervisor.startChild(supervisor, { id: 'gated', server: Gated }, { timeoutMs: undefined } as never)
  await world.clock.advance(60_000)
  open()
  expect(world.node.processes()).toContain(await started)
})
