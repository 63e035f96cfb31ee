/**
 * The serving side of remote calls: which functions a node has exposed, and the server that runs them, each call in
 * a process of its own. Only what stands in the table is run; nothing of a request is looked up anywhere else.
 */

import { runtimeError } from '../errors.ts'
import { describe, reasonOf } from '../exit-reason.ts'
import type { From } from '../gen-server/call.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import { noReply } from '../gen-server/outcome.ts'
import { limits } from '../limits.ts'
import type { Node } from '../node.ts'
import type { Self } from '../process/function-process.ts'
import { addWatch, type Down } from '../process/monitor.ts'
import type { Process } from '../process/process.ts'
import type { Ref } from '../ref.ts'
import {
  isFunctionName,
  type RpcRefusal,
  type RpcReply,
  type RpcRequest,
  requestProblem,
  rpcName,
} from './rpc-message.ts'

/** Functions by the names under which other nodes may call them. Arguments come unchecked, as the caller sent them. */
export type ExposedFunctions = Readonly<Record<string, (...args: never[]) => unknown>>

type Functions = Map<string, (...args: never[]) => unknown>

const functionsOf = new WeakMap<Node, Functions>()

/**
 * Adds all of them, or none.
 * @throws E_EXPOSE_INVALID, E_NODE_STOPPED
 */
export function exposeOn(node: Node, functions: ExposedFunctions): void {
  const exposed = functionsOf.get(node) ?? new Map()
  if (typeof functions !== 'object' || functions === null) {
    throw runtimeError('E_EXPOSE_INVALID', { name: describe(functions), problem: 'it is not an object of functions' })
  }
  const entries = Object.entries(functions)
  for (const [name, code] of entries) {
    const problem = exposeProblem(exposed, name, code)
    if (problem !== undefined) throw runtimeError('E_EXPOSE_INVALID', { name, problem })
  }
  if (!functionsOf.has(node)) startServer(node, exposed)
  functionsOf.set(node, exposed)
  for (const [name, code] of entries) exposed.set(name, code)
}

/** Takes one away; calls that run go on. Whether it was exposed. */
export function unexposeOn(node: Node, name: string): boolean {
  return functionsOf.get(node)?.delete(name) ?? false
}

function exposeProblem(exposed: Functions, name: string, code: unknown): string | undefined {
  if (!isFunctionName(name)) return 'its name is empty or too long'
  if (typeof code !== 'function') return 'it is not a function'
  return exposed.has(name) ? 'a function is exposed under that name' : undefined
}

/** Another node may kill any process whose name it knows: as long as the node runs, there is a server. */
function startServer(node: Node, functions: Functions): void {
  const { pid } = node.spawnFor(node.root, RpcServer, [functions], {})
  const process = node.processOf(pid) as Process
  node.names.reserve(rpcName, process)
  addWatch(process, {
    fire: () => {
      if (!node.isStopping) startServer(node, functions)
    },
  })
}

interface RpcProtocol {
  readonly call: (request: RpcRequest) => RpcReply
  readonly cast: RpcRequest
  readonly info: Down
}

/** One call on its way; a cast has nobody to answer to. */
interface Running {
  readonly request: RpcRequest
  readonly from: From<RpcReply> | undefined
}

class RpcServer extends GenServer<RpcProtocol> {
  #functions: Functions = new Map()
  /** By the refs of our monitors, which nobody else can name. */
  readonly #running = new Map<Ref, Running>()

  override init(functions: Functions): void {
    this.#functions = functions
    // Linked with what it runs, so that this ends with it; not the other way round.
    this.trapExit = true
  }

  override handleCall(request: RpcRequest, from: From<RpcReply>) {
    const refusal = this.#run(request, from)
    return refusal === undefined ? noReply : ({ kind: 'refused', refusal } as const)
  }

  override handleCast(request: RpcRequest): void {
    const refusal = this.#run(request, undefined)
    if (refusal !== undefined) this.node.log.warn('remote cast refused', { refusal, name: request?.name })
  }

  override handleInfo(message: Down): void {
    const running = this.#running.get(message?.ref)
    if (running === undefined) return
    this.#running.delete(message.ref)
    // Vanishes where there has been a reply, as nearly always.
    const problem = `its process exited before it returned: ${describe(message.reason)}`
    running.from?.reply({ kind: 'error', error: { name: 'Exited', message: problem } })
  }

  #run(request: RpcRequest, from: From<RpcReply> | undefined): RpcRefusal | undefined {
    if (requestProblem(request) !== undefined) return 'invalid'
    const code = this.#functions.get(request.name)
    if (code === undefined) return 'unknown'
    if (this.#running.size >= limits.rpcCallsMax) return 'overloaded'
    const running = { request, from }
    const pid = this.spawnLink(self => run(self, code, running))
    this.#running.set(this.monitor(pid), running)
    return undefined
  }
}

/** The life of the process that runs one call. */
async function run(self: Self, code: (...args: never[]) => unknown, { request, from }: Running): Promise<void> {
  let reply: RpcReply
  try {
    reply = { kind: 'value', value: await Reflect.apply(code, undefined, request.args) }
  } catch (error) {
    reply = { kind: 'error', error: reasonOf(error).error }
  }
  if (!self.alive) return
  const { log } = self.node
  if (from === undefined) {
    if (reply.kind === 'error') log.warn('remote cast failed', { name: request.name, error: reply.error })
    return
  }
  try {
    from.reply(reply)
  } catch (error) {
    // What it returned cannot leave the node; the caller has been told so by the end of its call.
    log.warn('the result of a remote call cannot be sent', { name: request.name, error })
  }
}
