import { createSimulation } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import type { From } from '../gen-server/call.ts'
import { stop } from '../gen-server/outcome.ts'
import type { Pid } from '../pid.ts'
import { currentProcess } from '../process/current.ts'
import { free } from './free-machine.suite.ts'
import { GenStateMachine, type States } from './gen-state-machine.ts'
import type { MachineEvent, StateOf } from './machine-protocol.ts'

interface DoorProtocol {
  state: 'locked' | 'open'
  call: ((request: 'push') => string) | ((request: 'state') => string)
  cast: { code: number } | 'slam'
  info: unknown
  internal: 'ring'
  timeout: 'battery'
}

/** Locked until the code comes; pushes wait for that; open for ten seconds. */
class Door extends GenStateMachine<DoorProtocol> {
  readonly seen: string[] = []
  #code = 0

  override init(code: number) {
    this.#code = code
    return this.nextState('locked')
  }

  override handleEnter(state: StateOf<DoorProtocol>, from: StateOf<DoorProtocol> | undefined) {
    this.seen.push(`${from} -> ${state}`)
    if (state === 'open') return this.keepState({ stateTimeoutMs: 10_000 })
    return undefined
  }

  override readonly states: States<DoorProtocol> = {
    locked: event => {
      if (event.kind === 'cast' && event.request !== 'slam' && event.request.code === this.#code) {
        return this.nextState('open', { internal: ['ring'] })
      }
      if (event.kind === 'call' && event.request === 'push') return this.keepState({ postpone: true })
      return this.#anywhere(event)
    },
    open: event => {
      if (event.kind === 'stateTimeout') return this.nextState('locked')
      if (event.kind === 'call' && event.request === 'push') return this.keepState({ reply: 'through' })
      return this.#anywhere(event)
    },
  }

  #anywhere(event: MachineEvent<DoorProtocol>) {
    if (event.kind === 'call') return this.keepState({ reply: [this.state, ...this.seen].join(', ') })
    if (event.kind === 'cast') return stop('slammed')
    this.seen.push(event.kind)
    return undefined
  }
}

test('a door is locked, is opened by the code, lets in who waited, and locks itself after its time', async () => {
  await using simulation = createSimulation()
  const node = await simulation.startNode({ name: 'a@sim' })
  const door = await simulation.until(node.start(Door, 7))
  const pushes = Promise.all([node.call(door, 'push'), node.call(door, 'push')])
  expect(await simulation.until(node.call(door, 'state'))).toBe('locked, undefined -> locked')
  node.cast(door, { code: 7 })
  expect(await simulation.until(pushes)).toEqual(['through', 'through'])
  await simulation.advance(10_000)
  const story = 'undefined -> locked, locked -> open, internal, open -> locked'
  expect(await simulation.until(node.call(door, 'state'))).toBe(`locked, ${story}`)
  const ref = node.monitor(door)
  node.cast(door, 'slam')
  expect(await simulation.until(node.receive({ kind: 'down', ref }))).toMatchObject({ reason: 'slammed' })
})

test('postponed events come back after a change of state, in order, before newer ones and after inserted ones', async () => {
  await using world = await free((machine, event, state) => {
    if (event.kind !== 'cast') return undefined
    if (event.request === 'go') return machine.nextState('b', { internal: ['first', 'second'] })
    return state === 'a' ? machine.keepState({ postpone: true }) : undefined
  })
  for (const request of [1, 2, 'go', 3]) world.node.cast(world.machine, request)
  await world.simulation.settle()
  expect(world.seen).toEqual([
    'a cast 1',
    'a cast 2',
    'a cast go',
    'b internal first',
    'b internal second',
    'b cast 1',
    'b cast 2',
    'b cast 3',
  ])
})

test('naming the state that the machine is in is no change: nothing is handled again', async () => {
  await using world = await free((machine, event) => {
    if (event.kind === 'cast' && event.request === 'same') return machine.nextState('a')
    return machine.keepState({ postpone: true })
  })
  for (const request of [1, 'same', 'same']) world.node.cast(world.machine, request)
  await world.simulation.settle()
  expect(world.seen).toEqual(['a cast 1', 'a cast same', 'a cast same'])
})

test('a change of state cancels the state time-out, and leaves one with a name', async () => {
  const actions = { stateTimeoutMs: 10, timeoutsMs: { x: 20 } }
  await using world = await free((machine, event) => {
    return event.kind === 'cast' ? machine.nextState('b') : undefined
  }, actions)
  await world.simulation.advance(5)
  world.node.cast(world.machine, 'go')
  await world.simulation.advance(100)
  expect(world.seen).toEqual(['a cast go', 'b timeout x'])
})

test('a state time-out comes when the state lasts, set anew or cancelled by an event that keeps it', async () => {
  await using world = await free(
    (machine, event) => {
      return event.kind === 'cast' ? machine.keepState({ stateTimeoutMs: event.request as number }) : undefined
    },
    { stateTimeoutMs: 10 },
  )
  await world.simulation.advance(10)
  world.node.cast(world.machine, 10)
  await world.simulation.advance(9)
  world.node.cast(world.machine, 10)
  await world.simulation.advance(9)
  expect(world.seen).toEqual(['a stateTimeout', 'a cast 10', 'a cast 10'])
  await world.simulation.advance(1)
  world.node.cast(world.machine, 10)
  world.node.cast(world.machine, Infinity)
  await world.simulation.advance(100)
  expect(world.seen.slice(3)).toEqual(['a stateTimeout', 'a cast 10', 'a cast Infinity'])
})

test('any event ends an event time-out; silence lets it come', async () => {
  await using world = await free((machine, event) => {
    return event.kind === 'info' ? machine.keepState({ eventTimeoutMs: 10 }) : undefined
  })
  world.node.send(world.machine as Pid, 'set')
  await world.simulation.advance(9)
  world.node.cast(world.machine, 'ends it')
  await world.simulation.advance(50)
  world.node.send(world.machine as Pid, 'set')
  await world.simulation.advance(10)
  expect(world.seen).toEqual(['a info set', 'a cast ends it', 'a info set', 'a eventTimeout'])
})

test('a time-out of nothing comes before a message that waits in the mailbox', async () => {
  await using world = await free((machine, event) => {
    return event.kind === 'cast' ? machine.keepState({ timeoutsMs: { y: 0 }, stateTimeoutMs: 0 }) : undefined
  })
  world.node.cast(world.machine, 1)
  world.node.send(world.machine as Pid, 2)
  await world.simulation.settle()
  expect(world.seen).toEqual(['a cast 1', 'a stateTimeout', 'a timeout y', 'a info 2'])
})

test('a time-out that was cancelled while it waited in the mailbox is no event', async () => {
  let goOn = () => {}
  await using world = await free(
    async (machine, event) => {
      if (event.kind !== 'cast') return undefined
      await new Promise<void>(resolve => {
        goOn = resolve
      })
      return machine.nextState('b')
    },
    { stateTimeoutMs: 10 },
  )
  world.node.cast(world.machine, 'slow')
  await world.simulation.advance(20)
  goOn()
  await world.simulation.advance(20)
  expect(world.seen).toEqual(['a cast slow'])
})

test('async states are handled one event at a time, and act as their machine after an await', async () => {
  const pids: unknown[] = []
  await using world = await free(async (machine, event, state) => {
    if (event.kind === 'internal') pids.push(currentProcess()?.pid)
    await Promise.resolve()
    if (event.kind !== 'call') return undefined
    if (state === 'a') return machine.nextState('b', { postpone: true, internal: ['inserted'] })
    return machine.keepState({ reply: { state: machine.state } })
  })
  const calls = [world.node.call(world.machine, 1), world.node.call(world.machine, 2)]
  expect(await world.simulation.until(Promise.all(calls))).toEqual([{ state: 'b' }, { state: 'b' }])
  expect(world.seen).toEqual(['a call 1', 'b internal inserted', 'b call 1', 'b call 2'])
  expect(pids).toEqual([world.machine])
})

test('a stop answers the call that is being handled, not the one that came last', async () => {
  for (const isAsync of [false, true]) {
    await using world = await free((machine, event, state) => {
      const result = state === 'b' ? stop('over', 'bye') : machine.keepState({ postpone: true })
      const next = event.kind === 'call' && event.request === 'go' ? machine.nextState('b') : result
      return isAsync ? Promise.resolve(next) : next
    })
    const answers = ['postponed', 'go'].map(request =>
      world.node.call(world.machine, request).catch(error => error.code as string),
    )
    expect(await world.simulation.until(Promise.all(answers))).toEqual(['bye', 'E_CALL_EXIT'])
  }
})

test('a call may be answered later, and a stop answers the one at hand', async () => {
  const kept: From<unknown>[] = []
  await using world = await free((_, event) => {
    if (event.kind === 'call' && event.request === 'end') return stop('over', 'bye')
    if (event.kind === 'call') kept.push(event.from)
    if (event.kind === 'cast') kept.pop()?.reply('late')
    return undefined
  })
  const later = world.node.call(world.machine, 'later')
  world.node.cast(world.machine, 'now')
  expect(await world.simulation.until(later)).toBe('late')
  expect(await world.simulation.until(world.node.call(world.machine, 'end'))).toBe('bye')
  expect(await world.down()).toMatchObject({ reason: 'over' })
})
