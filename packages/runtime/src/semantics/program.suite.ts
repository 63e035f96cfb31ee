/** Random programs of processes: what each process does, step by step. Numbers that name a process wrap around. */

import fc from 'fast-check'

export type Reason = 'normal' | 'kill' | 'shutdown' | 'boom' | { readonly code: number }

export type Step =
  | { readonly op: 'send'; readonly by: number; readonly to: number; readonly value: number }
  | { readonly op: 'sendName'; readonly by: number; readonly to: number; readonly name: string; readonly value: number }
  | { readonly op: 'link' | 'unlink' | 'monitor'; readonly by: number; readonly to: number }
  | { readonly op: 'monitorName'; readonly by: number; readonly to: number; readonly name: string }
  | { readonly op: 'demonitor'; readonly by: number; readonly nth: number; readonly flush: boolean }
  | { readonly op: 'exit'; readonly by: number; readonly to: number; readonly reason: Reason }
  | { readonly op: 'exitSelf'; readonly by: number; readonly reason: Reason }
  | { readonly op: 'trap'; readonly by: number; readonly on: boolean }
  | { readonly op: 'receive' | 'finish'; readonly by: number }
  | { readonly op: 'register'; readonly by: number; readonly name: string }
  | { readonly op: 'spawn' | 'spawnLink' | 'spawnMonitor'; readonly by: number }

export interface Program {
  /** How many processes there are at the start. */
  readonly processes: number
  readonly steps: readonly Step[]
}

const stepsMax = 40
const processesMax = 5

const by = fc.nat(processesMax * 2)
const to = by
const name = fc.constantFrom('x', 'y')
const value = fc.nat(99)
const reason = fc.constantFrom<Reason>('normal', 'kill', 'shutdown', 'boom', { code: 1 })
const op = <Name extends string>(...names: Name[]) => fc.constantFrom(...names)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: op('send'), by, to, value }) },
  { weight: 1, arbitrary: fc.record({ op: op('sendName'), by, to, name, value }) },
  { weight: 10, arbitrary: fc.record({ op: op('link', 'link', 'unlink', 'monitor', 'monitor'), by, to }) },
  { weight: 2, arbitrary: fc.record({ op: op('monitorName'), by, to, name }) },
  { weight: 3, arbitrary: fc.record({ op: op('demonitor'), by, nth: fc.nat(9), flush: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ op: op('exit'), by, to, reason }) },
  { weight: 1, arbitrary: fc.record({ op: op('exitSelf'), by, reason }) },
  { weight: 4, arbitrary: fc.record({ op: op('trap'), by, on: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ op: op('receive', 'receive', 'receive', 'finish'), by }) },
  { weight: 2, arbitrary: fc.record({ op: op('register'), by, name }) },
  { weight: 2, arbitrary: fc.record({ op: op('spawn', 'spawnLink', 'spawnMonitor'), by }) },
)

export const program: fc.Arbitrary<Program> = fc.record({
  processes: fc.integer({ min: 2, max: processesMax }),
  steps: fc.array(step, { maxLength: stepsMax, size: 'max' }),
})
