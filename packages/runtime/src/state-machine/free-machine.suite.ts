import { createSimulation } from '@barrel-actors/simulation'
import { GenStateMachine, type InitResult, type States } from './gen-state-machine.ts'
import type { MachineEvent } from './machine-protocol.ts'
import type { Actions } from './transition.ts'

/** A machine whose states are written in each test; what they handle is noted. */
export interface FreeProtocol {
  state: 'a' | 'b' | 'c'
  call: (request: unknown) => unknown
  cast: unknown
  info: unknown
  internal: unknown
  timeout: 'x' | 'y'
}
export type FreeEvent = MachineEvent<FreeProtocol>
export type Act = (machine: Free, event: FreeEvent, state: 'a' | 'b' | 'c') => ReturnType<States<FreeProtocol>['a']>

export class Free extends GenStateMachine<FreeProtocol> {
  #act!: Act
  override init(act: Act, actions: Actions<FreeProtocol> = {}): InitResult<FreeProtocol> {
    this.#act = act
    return this.nextState('a', actions)
  }
  override readonly states: States<FreeProtocol> = {
    a: event => this.#act(this, event, 'a'),
    b: event => this.#act(this, event, 'b'),
    c: event => this.#act(this, event, 'c'),
  }
}

export async function free(act: Act, actions?: Actions<FreeProtocol>) {
  const simulation = createSimulation()
  const node = await simulation.startNode({ name: 'a@sim' })
  const seen: unknown[] = []
  const noting: Act = (machine, event, state) => {
    const what = 'request' in event ? event.request : 'message' in event ? event.message : undefined
    const name = event.kind === 'timeout' ? event.name : undefined
    seen.push([state, event.kind, what ?? name].filter(part => part !== undefined).join(' '))
    return act(machine, event, state)
  }
  const machine = node.spawn(Free, noting, actions as Actions<FreeProtocol>)
  const ref = node.monitor(machine)
  const down = () => simulation.until(node.receive({ kind: 'down', ref }))
  return { simulation, node, machine, seen, down, [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose]() }
}
