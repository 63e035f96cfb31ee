// What must not compile in a state machine, and what is inferred. Checked by `tsc -p tsconfig.check.json`.

import { expect, expectTypeOf, test } from 'vitest'
import type { From } from '../gen-server/call.ts'
import { stop } from '../gen-server/outcome.ts'
import type { ServerPid } from '../pid.ts'
import { startNode } from '../start-node.ts'
import { GenStateMachine, type States } from './gen-state-machine.ts'

interface LampProtocol {
  state: 'on' | 'off'
  call: ((request: 'read') => 'bright' | 'dark') | ((request: { dim: number }) => number)
  cast: 'switch'
  info: { tick: true }
  internal: 'warm'
  timeout: 'fade'
}

class Lamp extends GenStateMachine<LampProtocol> {
  override init(state: 'on' | 'off') {
    return this.nextState(state, { timeoutsMs: { fade: 10 }, internal: ['warm'] })
  }
  override readonly states: States<LampProtocol> = {
    on: event => {
      switch (event.kind) {
        case 'call':
          if (event.request !== 'read') return stop('normal', event.request.dim)
          expectTypeOf(event.from).toEqualTypeOf<From<'bright' | 'dark'>>()
          // @ts-expect-error: read is not answered with a number
          void (() => event.from.reply(5))
          return this.keepState({ reply: 'bright' })
        case 'cast':
          expectTypeOf(event.request).toEqualTypeOf<'switch'>()
          return this.nextState('off')
        case 'info':
          expectTypeOf(event.message).toEqualTypeOf<{ tick: true }>()
          return undefined
        case 'internal':
          expectTypeOf(event.request).toEqualTypeOf<'warm'>()
          return undefined
        case 'timeout':
          expectTypeOf(event.name).toEqualTypeOf<'fade'>()
          return undefined
        case 'stateTimeout':
        case 'eventTimeout':
          return undefined
        default:
          return event satisfies never
      }
    },
    off: async event => (event.kind === 'cast' ? this.nextState('on') : undefined),
  }
}

/** Never called: what is in it has only to compile, or not to. */
const never = (_: (lamp: Lamp) => unknown) => {}

never(lamp => {
  // @ts-expect-error: no such state
  lamp.nextState('broken')
  // @ts-expect-error: no request is answered with a boolean
  lamp.keepState({ reply: true })
  // @ts-expect-error: no such internal event
  lamp.keepState({ internal: ['cool'] })
  // @ts-expect-error: no such time-out
  lamp.keepState({ timeoutsMs: { flash: 5 } })
  // @ts-expect-error: milliseconds are a number
  lamp.keepState({ stateTimeoutMs: '5' })
  // @ts-expect-error: not an action
  lamp.nextState('on', { stateTimeout: 5 })
  expectTypeOf(lamp.state).toEqualTypeOf<'on' | 'off' | undefined>()
})

never(lamp => {
  // @ts-expect-error: a state without its function
  const missing: States<LampProtocol> = { on: () => {} }
  const wrongEvent: States<LampProtocol> = {
    on: event => {
      // @ts-expect-error: no such kind of event
      if (event.kind === 'tick') return
      // @ts-expect-error: no such cast
      if (event.kind === 'cast' && event.request === 'read') return
    },
    // @ts-expect-error: a state returns what to do, not a number
    off: () => 5,
  }
  const wrongReply: States<LampProtocol> = {
    // @ts-expect-error: no request is answered with a boolean
    on: () => stop('normal', true),
    off: () => lamp.keepState({ reply: 5 }),
  }
  return [missing, wrongEvent, wrongReply]
})

never(() => {
  // @ts-expect-error: a machine has states and an init
  class Empty extends GenStateMachine<LampProtocol> {}
  class NoStart extends Lamp {
    // @ts-expect-error: init names the first state
    override init() {}
  }
  class LeavesAtOnce extends Lamp {
    // @ts-expect-error: entering a state does not change it
    override handleEnter() {
      return this.nextState('on')
    }
  }
  // @ts-expect-error: a protocol of a machine names its states
  type Stateless = States<{ cast: 'x' }>
  return [Empty, NoStart, LeavesAtOnce, {} as Stateless]
})

test('what compiles works', async () => {
  await using node = await startNode()
  const lamp = await node.start(Lamp, 'on')
  expectTypeOf(lamp).toEqualTypeOf<ServerPid<LampProtocol>>()
  // @ts-expect-error: init takes a state
  void (() => node.start(Lamp, 'broken'))
  // @ts-expect-error: no such cast
  void (() => node.cast(lamp, 'warm'))
  const reply = await node.call(lamp, 'read')
  expectTypeOf(reply).toEqualTypeOf<'bright' | 'dark'>()
  expect(reply).toBe('bright')
  expect(await node.call(lamp, { dim: 3 })).toBe(3)
})
