import { expect, test } from 'vitest'
import { stop } from '../gen-server/outcome.ts'
import { startNode } from '../start-node.ts'
import { type Act, Free, type FreeEvent, free } from './free-machine.suite.ts'

test('an error in a state ends the machine with it, and its terminate runs', async () => {
  await using world = await free(() => {
    throw new Error('broken')
  })
  world.node.cast(world.machine, 1)
  expect(await world.down()).toMatchObject({ reason: { error: { message: 'broken', callback: 'handleCast' } } })
})

test('a machine that ends itself in a state handles nothing after that', async () => {
  await using world = await free((machine, event) => {
    if (event.kind === 'internal') return undefined
    machine.exit(machine.pid, 'kill')
    return machine.keepState({ internal: ['never'], timeoutsMs: { x: 1 } })
  })
  world.node.cast(world.machine, 1)
  expect(await world.down()).toMatchObject({ reason: 'killed' })
  await world.simulation.advance(10)
  expect(world.seen).toEqual(['a cast 1'])
  expect(world.simulation.clock.timersCount).toBe(0)
})

test('what ends takes its time-outs along', async () => {
  await using world = await free(() => undefined, { stateTimeoutMs: 1e9, timeoutsMs: { x: 1e9, y: 1e9 } })
  await world.simulation.settle()
  const before = world.node.timeouts
  let expired = 0
  const { leave } = before
  before.leave = timed => {
    expired++
    leave.call(before, timed)
  }
  world.node.exit(world.machine, 'kill')
  await world.down()
  expect(expired).toBe(3)
})

const wrong: [string, Act, string][] = [
  ['anything else', () => 'b' as never, 'neither nextState'],
  ['null', () => null as never, 'neither nextState'],
  ['a reply to a cast', machine => machine.keepState({ reply: 1 }), 'no call to reply to'],
  ['a state that is not there', machine => machine.nextState('d' as 'a'), 'has no state d'],
  ['a state of the prototype', machine => machine.nextState('constructor' as 'a'), 'has no state constructor'],
  ['a time-out that is none', machine => machine.keepState({ stateTimeoutMs: -1 }), 'not a number of milliseconds'],
  ['a named time-out that is none', machine => machine.keepState({ timeoutsMs: { x: Number.NaN } }), 'not a number'],
]

test.each(wrong)('a state that returns %s ends its machine with a coded error', async (_, act, text) => {
  await using world = await free(act)
  world.node.cast(world.machine, 1)
  const code = expect.stringMatching(/^E_(TRANSITION_INVALID|STATE_UNKNOWN|OPTION_INVALID)$/)
  const message = expect.stringContaining(text)
  expect(await world.down()).toMatchObject({ reason: { error: { code, message } } })
})

test('a start that names no state, a reply or an event to postpone ends the machine', async () => {
  await using node = await startNode()
  const starts: ((machine: Free) => unknown)[] = [
    machine => machine.keepState(),
    machine => machine.nextState('a', { reply: 1 }),
    machine => machine.nextState('a', { postpone: true }),
    () => undefined,
  ]
  for (const start of starts) {
    class Wrong extends Free {
      override init(): never {
        return start(this) as never
      }
    }
    const { pid, ref } = node.spawnMonitor(Wrong)
    node.cast(pid, 1)
    expect(await node.receive({ kind: 'down', ref })).toMatchObject({
      reason: { error: { code: 'E_TRANSITION_INVALID' } },
    })
  }
})

test('entering a state cannot change it, postpone or give events', async () => {
  await using node = await startNode()
  const enters: ((machine: Free) => unknown)[] = [
    machine => machine.nextState('b'),
    machine => machine.keepState({ postpone: true }),
    machine => machine.keepState({ internal: [1] }),
    machine => machine.keepState({ reply: 1 }),
  ]
  for (const enter of enters) {
    class Wrong extends Free {
      override handleEnter() {
        return enter(this) as undefined
      }
    }
    const { ref } = node.spawnMonitor(Wrong, () => undefined)
    expect(await node.receive({ kind: 'down', ref })).toMatchObject({
      reason: { error: { code: 'E_TRANSITION_INVALID', callback: 'handleContinue' } },
    })
  }
})

test('a start waits for an async init, and fails with the reason of its stop', async () => {
  await using node = await startNode()
  class Slow extends Free {
    override async init(act: Act) {
      await Promise.resolve()
      return act === undefined ? stop('no act') : super.init(act)
    }
  }
  const machine = await node.start(Slow, (machine: Free, event: FreeEvent) =>
    event.kind === 'call' ? machine.keepState({ reply: machine.state }) : undefined,
  )
  expect(await node.call(machine, 'state')).toBe('a')
  await expect(node.start(Slow, undefined as never)).rejects.toMatchObject({
    code: 'E_START_FAILED',
    fields: { exit: 'no act' },
  })
})
