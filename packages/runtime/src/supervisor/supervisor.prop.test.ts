// Random lives of a supervisor, held against a model of a page.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PidOf } from '../index.ts'
import { codeOf, stage } from './stage.suite.ts'
import { isNormalEnd, type RestartType, type Strategy } from './strategy.ts'
import { Supervisor } from './supervisor.ts'

type World = Awaited<ReturnType<typeof stage>>

interface ModelChild {
  readonly id: string
  readonly restart: RestartType
  /** Which process of the run it is, counted from 1; 0 for none. */
  life: number
  /** Which of the model's tries is its own; 0 for none. */
  retry: number
}

type Event = { child: ModelChild; reason: unknown; life: number } | { child: ModelChild; retry: number }

/** What the supervisor should do, in as few words as possible. */
class Model {
  readonly strategy: Strategy
  readonly intensity: number
  readonly periodMs: number
  children: ModelChild[] = []
  alive = true
  nowMs = 0
  told: string[] = []
  failures = new Map<string, number>()
  #restarts: number[] = []
  #count = 0
  #events: Event[] = []

  constructor(strategy: Strategy, intensity: number, periodMs: number) {
    this.strategy = strategy
    this.intensity = intensity
    this.periodMs = periodMs
  }

  start(child: ModelChild): boolean {
    const left = this.failures.get(child.id) ?? 0
    this.failures.set(child.id, left - 1)
    this.told.push(`${left > 0 ? '!' : '+'}${child.id}`)
    if (left <= 0) child.life = ++this.#count
    if (left <= 0) child.retry = 0
    return left <= 0
  }

  stop(child: ModelChild): void {
    if (child.life > 0) this.told.push(`-${child.id}`)
    child.life = 0
    child.retry = 0
    if (child.restart === 'temporary') this.children = this.children.filter(other => other !== child)
  }

  stopAll(): void {
    for (const child of this.children.toReversed()) this.stop(child)
    this.alive = false
  }

  /** They end at once: the supervisor learns of all ends before it does anything. */
  end(ends: readonly (readonly [string, unknown])[]): void {
    for (const [id, reason] of ends) {
      const child = this.children.find(other => other.id === id)
      if (child === undefined || child.life === 0 || this.#events.some(event => event.child === child)) continue
      this.told.push(`-${id}`)
      this.#events.push({ child, reason, life: child.life })
    }
    // Ended, and not known to be: not to be stopped once more.
    const unread = new Set(this.#events.map(({ child }) => child))
    for (const child of unread) child.life = -child.life
    for (let event = this.#events.shift(); event !== undefined && this.alive; event = this.#events.shift()) {
      if ('retry' in event) {
        if (event.child.retry === event.retry) this.#restart(event.child)
        continue
      }
      if (event.child.life !== -event.life) continue
      event.child.life = 0
      const isRestarted = { permanent: true, temporary: false, transient: !isNormalEnd(event.reason) }
      if (isRestarted[event.child.restart]) this.#restart(event.child)
      else this.stop(event.child)
    }
  }

  #restart(child: ModelChild): void {
    this.#restarts.push(this.nowMs)
    if (this.#restarts.filter(thenMs => thenMs >= this.nowMs - this.periodMs).length > this.intensity) {
      return this.stopAll()
    }
    const from = this.strategy === 'restForOne' ? this.children.indexOf(child) : 0
    const along = this.strategy === 'oneForOne' ? [child] : this.children.slice(from)
    for (const one of along.toReversed()) this.stop(one)
    for (const one of along.filter(({ restart }) => restart !== 'temporary')) {
      if (this.start(one)) continue
      one.retry = ++this.#count
      this.#events.push({ child: one, retry: one.retry })
      break
    }
  }
}

const ids = ['a', 'b', 'c', 'd']
const id = fc.constantFrom(...ids)
const restart = fc.constantFrom<RestartType>('permanent', 'permanent', 'transient', 'temporary')
const reason = fc.constantFrom<unknown>('boom', 'boom', 'normal', 'shutdown', { shutdown: 'done' }, 'killed')
const end = fc.tuple(id, reason)
const periodMs = 1000

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), ends: fc.array(end, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('startChild' as const), id, restart }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('terminateChild' as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restartChild' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteChild' as const), id }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 499, 500, 999, 1000, 1001) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('fail' as const), id, times: fc.integer({ min: 1, max: 3 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** What a request does to the model: its error's code, or undefined. */
function request(model: Model, step: Extract<Step, { id: string }>): string | undefined {
  const child = model.children.find(other => other.id === step.id)
  if (step.kind === 'startChild') {
    if (child !== undefined) return 'E_CHILD_EXISTS'
    const added = { id: step.id, restart: step.restart, life: 0, retry: 0 }
    if (!model.start(added)) return 'E_CHILD_START_FAILED'
    model.children.push(added)
    return undefined
  }
  if (child === undefined) return 'E_CHILD_UNKNOWN'
  if (step.kind === 'terminateChild') model.stop(child)
  else if (child.life > 0 || child.retry > 0) return 'E_CHILD_NOT_STOPPED'
  else if (step.kind === 'deleteChild') model.children = model.children.filter(other => other !== child)
  else if (!model.start(child)) return 'E_CHILD_START_FAILED'
  return undefined
}

const life = fc.record({
  strategy: fc.constantFrom<Strategy>('oneForOne', 'oneForAll', 'restForOne'),
  intensity: fc.nat({ max: 4 }),
  restarts: fc.array(restart, { minLength: 1, maxLength: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
  lastly: fc.constantFrom<'kill' | 'shutdown'>('kill', 'shutdown'),
})

interface Life {
  readonly strategy: Strategy
  readonly intensity: number
  readonly restarts: readonly RestartType[]
  readonly steps: readonly Step[]
  /** How a supervisor ends that has lived through it all. */
  readonly lastly: 'kill' | 'shutdown'
}

/** One life of a supervisor beside its model. */
async function begin(world: World, { strategy, intensity, restarts }: Life) {
  const model = new Model(strategy, intensity, periodMs)
  model.children = restarts.map((restart, at) => ({ id: ids[at] as string, restart, life: 0, retry: 0 }))
  const children = model.children.map(({ id, restart }) => world.worker(id, { restart }))
  for (const child of model.children) model.start(child)
  const started = world.node.spawnMonitor(Supervisor.of({ strategy, intensity, periodMs, children }))
  await world.settle()
  return { model, ...started }
}

async function compare(world: World, model: Model, pid: PidOf<Supervisor>): Promise<void> {
  expect(world.told).toEqual(model.told)
  const known = await Supervisor.whichChildren(pid).catch(codeOf)
  const seen = Array.isArray(known) ? known.map(({ id, state }) => `${id} ${state}`) : known
  const states = model.children.map(({ id, life }) => `${id} ${life > 0 ? 'running' : 'stopped'}`)
  expect(seen).toEqual(model.alive ? states : 'E_CALL_EXIT')
}

async function take(world: World, model: Model, pid: PidOf<Supervisor>, step: Step): Promise<void> {
  if (step.kind === 'pass') {
    model.nowMs += step.ms
    await world.clock.advance(step.ms)
  } else if (step.kind === 'fail') {
    model.failures.set(step.id, step.times)
    world.failures.set(step.id, step.times)
  } else if (step.kind === 'end') {
    for (const [name, reason] of step.ends) world.node.send(name, reason)
    model.end(step.ends)
    await world.settle()
  } else {
    const asked =
      step.kind === 'startChild'
        ? Supervisor.startChild(pid, world.worker(step.id, { restart: step.restart }) as never)
        : Supervisor[step.kind](pid, step.id)
    const expected = request(model, step)
    expect(await Promise.resolve(asked).then(() => undefined, codeOf)).toBe(expected)
  }
}

async function play(life: Life): Promise<Model> {
  await using world = await stage()
  const { model, pid, ref } = await begin(world, life)
  await compare(world, model, pid)
  for (const step of life.steps) {
    if (!model.alive) break
    await take(world, model, pid, step)
    await compare(world, model, pid)
  }
  const reason = model.alive && life.lastly === 'kill' ? 'killed' : 'shutdown'
  const endedByItself = !model.alive
  if (!endedByItself) {
    model.stopAll()
    world.node.exit(pid, 'kill' === life.lastly ? 'kill' : 'ignored')
    if (life.lastly !== 'kill') await Supervisor.stop(pid, 'shutdown')
    await world.settle()
  }
  // Links promise no order.
  if (reason === 'killed') expect([...world.told].sort()).toEqual([...model.told].sort())
  else expect(world.told).toEqual(model.told)
  expect(await world.node.receive({ kind: 'down', ref })).toMatchObject({ reason })
  expect(world.node.registeredNames()).toEqual([])
  model.alive = !endedByItself
  return model
}

test('a supervisor does what the model does: which children live, in which order, and whether it lives', async () => {
  const reached = { failures: 0, ends: 0 }
  await fc.assert(
    fc.asyncProperty(life, async life => {
      const { told, alive } = await play(life)
      reached.failures += told.filter(line => line.startsWith('!')).length
      reached.ends += alive ? 0 : 1
    }),
    { numRuns: 400 },
  )
  // The lives were worth living.
  expect(reached.failures).toBeGreaterThan(10)
  expect(reached.ends).toBeGreaterThan(10)
}, 60_000)
