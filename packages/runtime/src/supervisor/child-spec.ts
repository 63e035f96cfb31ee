/** What a supervisor is told: itself and its children, as plain data, checked before anything starts. */

import { type RegisteredName, viaOf } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import { ServerStart } from '../gen-server/server-start.ts'
import type { StartSpec } from '../gen-server/starting.ts'
import { givenOptions } from '../given-options.ts'
import type { FunctionBody, ServerInstance } from '../process/spawn.ts'
import type { RestartIntensity } from './restart-intensity.ts'
import type { RestartType, Strategy } from './strategy.ts'

/** What every child has, whatever runs in it. */
interface ChildTraits {
  /** Tells the children of one supervisor apart. */
  readonly id: string
  /** When it is restarted. Default `'permanent'`, as in OTP. */
  readonly restart?: RestartType
  /**
   * How it is stopped: it is sent the exit `'shutdown'` and has so many milliseconds to end, then it is killed.
   * `'brutalKill'` kills it at once. Default 5000, Infinity for a supervisor, as in OTP.
   */
  readonly shutdown?: number | 'brutalKill'
}

/** A child that is a server. The supervisor waits for its `init` before it goes on. */
export interface ServerChildSpec<S extends ServerInstance = ServerInstance> extends StartSpec<S>, ChildTraits {}

/** A child that is a function process. */
export interface FunctionChildSpec<Message = unknown> extends ChildTraits {
  readonly run: FunctionBody<Message>
  /** The name that it holds while it runs: on its node, `{ via, name }` or `{ global: name }`. */
  readonly name?: RegisteredName
}

/** A server among others: what its `init` takes is not checked by the compiler. See {@link Supervisor.child}. */
export interface AnyServerChildSpec extends Omit<ServerChildSpec, 'args'> {
  readonly args?: readonly unknown[]
}

/**
 * A child of a supervisor.
 *
 * Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:child_spec/0
 */
export type ChildSpec = AnyServerChildSpec | FunctionChildSpec

/** What `init` of a supervisor returns. */
export interface SupervisorSpec extends Partial<RestartIntensity> {
  /** Which children are restarted along with one. Default `'oneForOne'`, as in OTP. */
  readonly strategy?: Strategy
  /** Started in this order, stopped in the reverse. Default none. */
  readonly children?: readonly ChildSpec[]
}

/** A spec that has been checked, with its defaults. */
export type CheckedChildSpec = ChildSpec &
  Required<Pick<ChildTraits, 'restart' | 'shutdown'>> & { readonly kind: ChildKind }

export type CheckedSupervisorSpec = Required<SupervisorSpec> & { readonly children: readonly CheckedChildSpec[] }

export type ChildKind = 'worker' | 'supervisor'

/** @internal Marks the classes of supervisors. */
export const supervises: unique symbol = Symbol('supervises')

const supervisorDefaults: Required<SupervisorSpec> = {
  strategy: 'oneForOne', // OTP
  intensity: 1, // OTP
  periodMs: 5000, // OTP
  children: [],
}

/** How long a child that is no supervisor has to end. */
const shutdownMsDefault = 5000 // OTP

const nameOf = { strategy: ['oneForOne', 'oneForAll', 'restForOne'], restart: ['permanent', 'transient', 'temporary'] }

/** @throws E_OPTION_INVALID, E_CHILD_SPEC_INVALID, E_CHILD_EXISTS */
export function checkSupervisorSpec(spec: SupervisorSpec): CheckedSupervisorSpec {
  if (typeof spec !== 'object' || spec === null)
    throw invalidOption('init', `it returned ${describe(spec)}, not a spec`)
  const { strategy, intensity, periodMs, children } = { ...supervisorDefaults, ...givenOptions(spec) }
  if (!nameOf.strategy.includes(strategy)) throw invalidOption('strategy', `${describe(strategy)} is none`)
  if (!isAtLeast(0, intensity)) throw invalidOption('intensity', `${describe(intensity)} is not a number from 0`)
  if (!(isAtLeast(0, periodMs) && periodMs > 0)) {
    throw invalidOption('periodMs', `${describe(periodMs)} is not a number of milliseconds above 0`)
  }
  if (!Array.isArray(children)) throw invalidOption('children', `${describe(children)} is not an array`)
  const checked = Array.from(children, child => checkChildSpec(child))
  const ids = new Set<string>()
  for (const { id } of checked) {
    if (ids.has(id)) throw runtimeError('E_CHILD_EXISTS', { id })
    ids.add(id)
  }
  return { strategy, intensity, periodMs, children: checked }
}

/** @throws E_CHILD_SPEC_INVALID */
export function checkChildSpec(spec: ChildSpec): CheckedChildSpec {
  if (typeof spec !== 'object' || spec === null) throw invalid({}, 'id', `the spec is ${describe(spec)}`)
  const given = givenOptions(spec) as { -readonly [Field in keyof AnyServerChildSpec]?: unknown } & { run?: unknown }
  checkTraits(given)
  if ('server' in given === 'run' in given) {
    throw invalid(given, 'server', 'a child has either a server or a function to run')
  }
  if ('server' in given) checkServer(given)
  else checkRun(given)
  const isSupervisor = Object(given.server)[supervises] === true
  const shutdown = isSupervisor ? Infinity : shutdownMsDefault
  return { restart: 'permanent', shutdown, ...given, kind: isSupervisor ? 'supervisor' : 'worker' } as CheckedChildSpec
}

type Given = Readonly<Record<string, unknown>>

function checkTraits(given: Given): void {
  const { id, restart, shutdown, name } = given
  if (typeof id !== 'string' || id === '') throw invalid(given, 'id', 'it is not a string of at least 1 character')
  if (restart !== undefined && !nameOf.restart.includes(restart as string)) {
    throw invalid(given, 'restart', `${describe(restart)} is none of ${nameOf.restart.join(', ')}`)
  }
  if (shutdown !== undefined && shutdown !== 'brutalKill' && !isAtLeast(0, shutdown)) {
    throw invalid(given, 'shutdown', `${describe(shutdown)} is neither a number of milliseconds nor brutalKill`)
  }
  if (name !== undefined && viaOf(name) === undefined && (typeof name !== 'string' || name === '')) {
    throw invalid(given, 'name', 'it is no string of at least 1 character, no { via, name } and no { global: name }')
  }
}

function checkServer(given: Given): void {
  const { server, args, timeoutMs } = given
  if (!ServerStart.isServer(server)) throw invalid(given, 'server', 'it is not a class that extends GenServer')
  if (args !== undefined && !Array.isArray(args)) throw invalid(given, 'args', 'it is not an array')
  if (timeoutMs !== undefined && !isAtLeast(0, timeoutMs)) {
    throw invalid(given, 'timeoutMs', `${describe(timeoutMs)} is not a number of milliseconds`)
  }
}

function checkRun(given: Given): void {
  if (typeof given['run'] !== 'function' || ServerStart.isServer(given['run'])) {
    throw invalid(given, 'run', 'it is not a function of self')
  }
}

function isAtLeast(least: number, value: unknown): value is number {
  return typeof value === 'number' && value >= least
}

function invalidOption(option: string, problem: string): Error {
  return runtimeError('E_OPTION_INVALID', { option, problem })
}

function invalid(given: Given, field: string, problem: string): Error {
  return runtimeError('E_CHILD_SPEC_INVALID', { id: describe(given['id']), field, problem })
}
