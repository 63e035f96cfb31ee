/** What a supervisor is asked and what it answers: plain data, except for the spec of a new child. */

import { measureMessage } from '../codec/flow/signal-encoder.ts'
import { BarrelError, type ErrorFields, type RuntimeCode, runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import type { Pid } from '../pid.ts'
import type { ChildKind, ChildSpec } from './child-spec.ts'
import type { ChildState } from './children.ts'
import type { RestartType } from './strategy.ts'

export type SupervisorRequest =
  | { readonly kind: 'startChild'; readonly spec: ChildSpec }
  | { readonly kind: 'terminateChild' | 'restartChild' | 'deleteChild'; readonly id: string }
  | { readonly kind: 'whichChildren' | 'countChildren' }

/** Errors come as data, to be thrown at the caller. */
export type SupervisorAnswer =
  | { readonly value: unknown }
  | { readonly code: RuntimeCode; readonly fields: ErrorFields }

/** What supervisors speak; use the functions of `Supervisor`. */
export interface SupervisorProtocol {
  readonly call: (request: SupervisorRequest) => SupervisorAnswer
}

/** A child, as `whichChildren` shows it. */
export interface ChildInfo {
  readonly id: string
  /** Undefined unless it is running. */
  readonly pid: Pid | undefined
  readonly state: ChildState
  readonly kind: ChildKind
  readonly restart: RestartType
}

/** How many children a supervisor has: specs, those that run, and the specs of either kind. */
export interface ChildrenCount {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** Turns what `serve` returns or throws into an answer. What is not a coded error is a fault of the supervisor. */
export async function answerOf(serve: () => unknown): Promise<SupervisorAnswer> {
  try {
    return { value: await serve() }
  } catch (error) {
    if (!(error instanceof BarrelError)) throw error
    return { code: error.code as RuntimeCode, fields: plainFields(error.fields) }
  }
}

/** The reason of a child's end is anything; one that cannot leave the node goes as a text. */
function plainFields(fields: ErrorFields): ErrorFields {
  if (!('exit' in fields)) return fields
  try {
    measureMessage(fields['exit'])
    return fields
  } catch {
    return { ...fields, exit: describe(fields['exit']) }
  }
}

/** The caller's side of {@link answerOf}. */
export function openAnswer(answer: SupervisorAnswer): unknown {
  if ('code' in answer) throw runtimeError(answer.code, answer.fields)
  return answer.value
}
