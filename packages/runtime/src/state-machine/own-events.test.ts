import { expect, test } from 'vitest'
import { Hand } from '../process/hand.suite.ts'
import { startNode } from '../start-node.ts'
import { type Act, Free, type FreeEvent } from './free-machine.suite.ts'

const scheduler = { processMessagesMax: 10, sliceMessagesMax: 1000, sliceMs: 1000 }

async function setUp(act: Act) {
  const hand = new Hand()
  const node = await startNode({ clock: hand, turns: hand, scheduler })
  const handled: unknown[] = []
  const noting: Act = (machine, event, state) => {
    handled.push('request' in event ? event.request : event.kind)
    return act(machine, event, state)
  }
  const machine = node.spawn(Free, noting)
  return { hand, node, machine, handled }
}

const endless: Record<string, Act> = {
  'a state time-out of nothing': machine => machine.keepState({ stateTimeoutMs: 0 }),
  'an event for itself': machine => machine.keepState({ internal: ['again'] }),
  'an event for itself in each of two states in turn': (machine, _, state) =>
    machine.nextState(state === 'a' ? 'b' : 'a', { internal: ['again'] }),
  'an event for itself, async': async machine => machine.keepState({ internal: ['again'] }),
}

test.each(Object.entries(endless))(
  'a machine that gives itself %s for ever leaves others their turns',
  async (_, act) => {
    // Bounded, so that it ends where it does not keep what it promises.
    const { hand, node, machine, handled } = await setUp((machine, event, state) =>
      handled.length < 20_000 ? act(machine, event, state) : undefined,
    )
    node.cast(machine, 'go')
    for (let turns = 1; turns <= 3; turns++) {
      await hand.turn(5000)
      expect(handled.length).toBeLessThanOrEqual(turns * 1100)
    }
    expect(handled.length).toBeGreaterThan(1000)
    const seen: unknown[] = []
    node.spawn(self => void seen.push(self.pid))
    await hand.turn(5000)
    expect(seen.length).toBe(1)
  },
)

test('what a machine gives itself comes before the next message, however many turns it takes', async () => {
  const count = (event: FreeEvent) => (event.kind === 'internal' ? (event.request as number) : 0)
  const { hand, node, machine, handled } = await setUp((machine, event) =>
    event.kind !== 'call' && count(event) < 5000 ? machine.keepState({ internal: [count(event) + 1] }) : undefined,
  )
  node.cast(machine, 0)
  void node.call(machine, 'last', { timeoutMs: Infinity })
  for (let turns = 0; turns < 20; turns++) await hand.turn()
  expect(handled).toEqual([...Array.from({ length: 5001 }, (_, index) => index), 'last'])
})

test('a call that is answered many own events later is answered as it was handled', async () => {
  const { hand, node, machine } = await setUp((machine, event) => {
    if (event.kind === 'call') return machine.keepState({ reply: 'at once', internal: [1] })
    const count = event.kind === 'internal' ? (event.request as number) : 0
    return count < 2000 ? machine.keepState({ internal: [count + 1] }) : undefined
  })
  const call = node.call(machine, 'ask', { timeoutMs: Infinity })
  for (let turns = 0; turns < 5; turns++) await hand.turn()
  expect(await call).toBe('at once')
})
