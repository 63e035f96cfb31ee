/** Starting processes: which behavior a body has, and the link or monitor that starts with it. */

import type { RegisteredName } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import type { speaks } from '../gen-server/gen-server.ts'
import { startingBehavior } from '../gen-server/server-behavior.ts'
import { ServerStart, type StartWaiter } from '../gen-server/server-start.ts'
import type { AnyPid, Pid, ServerPid } from '../pid.ts'
import type { Protocol } from '../protocol.ts'
import type { Ref } from '../ref.ts'
import { functionBehavior, Self } from './function-process.ts'
import { LocalMonitor } from './monitor.ts'
import type { Process } from './process.ts'
import { freshRef, linkProcesses } from './verbs.ts'

/** A server of any protocol, as far as starting it needs to know. */
export interface ServerInstance {
  readonly [speaks]?: Protocol
  init(...args: never[]): unknown
}

/** A class that can be spawned: its constructor takes nothing, `init` takes the arguments. */
export type ServerClass<S extends ServerInstance = ServerInstance> = new () => S

/** What the servers of a class speak. */
export type ProtocolOf<S extends ServerInstance> = NonNullable<S[typeof speaks]>

/** The pid of a server of that class. */
export type PidOf<S extends ServerInstance> = ServerPid<ProtocolOf<S>>

/** The code of a function process. When it returns, the process exits `'normal'`; when it throws, with the error. */
export type FunctionBody<Message = unknown> = (self: Self<Message>) => unknown

export interface SpawnOptions {
  readonly link?: boolean
  readonly monitor?: boolean
  /** The name that it has before its code runs. */
  readonly name?: RegisteredName | undefined
  /** Who is told that a server is through its `init`, or is not. */
  readonly waiter?: StartWaiter
}

export interface Spawned {
  readonly pid: Pid
  readonly ref: Ref | undefined
}

export function spawnFrom(parent: Process, body: unknown, args: unknown[], options: SpawnOptions): Spawned {
  const { node } = parent
  const isServer = ServerStart.isServer(body)
  if (!isServer && isClass(body)) throw runtimeError('E_SPAWN_INVALID', { body: (body as { name: string }).name })
  if (!isServer && isGenerator(body)) {
    throw runtimeError('E_SPAWN_INVALID', { body: `${body.name || 'anonymous'}, a generator` })
  }
  const process = node.addProcess(isServer ? startingBehavior : functionBehavior)
  process.body = isServer ? new ServerStart(body, args, options.waiter) : new Self(process, body as FunctionBody)
  if (options.name !== undefined) registerOrEnd(process, options.name)
  if (options.link === true && parent.alive) linkStarted(parent, process, options.waiter)
  const ref = options.monitor === true ? freshRef(parent) : undefined
  if (ref !== undefined && parent.alive) new LocalMonitor(ref, parent, process, process.pid as AnyPid)
  // What a dead process starts dies with it: its code has no effects any more.
  if (parent.alive) node.scheduler.add(process)
  else process.end('killed')
  return { pid: process.pid, ref }
}

function registerOrEnd(process: Process, name: RegisteredName): void {
  try {
    process.node.register(name, process.pid)
  } catch (error) {
    // Who waits for it learns of this by the throw.
    process.body = undefined
    process.end('normal')
    throw error
  }
}

function linkStarted(parent: Process, process: Process, waiter: StartWaiter | undefined): void {
  process.parent = parent.pid
  if (process.alive) linkProcesses(parent, process)
  // It has ended while it was given its name. Who waits for a start learns of its failure from that alone.
  else if (waiter === undefined) parent.node.exits.sendLinked(parent, process.pid as AnyPid, 'noproc')
}

/** To call one runs none of its code. */
function isGenerator(body: unknown): body is { readonly name: string } {
  const kind = (body as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  return kind === 'GeneratorFunction' || kind === 'AsyncGeneratorFunction'
}

/** The prototype of a class cannot be replaced; that of a function can. */
function isClass(body: unknown): boolean {
  return Object.getOwnPropertyDescriptor(body, 'prototype')?.writable === false
}
