/** The calling side of remote calls: functions of other nodes, by the names under which those exposed them. */

import { checkOptions, checkTimeout } from '../clock/timeouts.ts'
import { type BarrelError, hasCode, runtimeError } from '../errors.ts'
import type { ErrorInfo } from '../exit-reason.ts'
import { type CallOptions, callFrom, callOptionNames } from '../gen-server/calling.ts'
import type { NodeName } from '../node-name.ts'
import { Actor } from '../process/actor.ts'
import type { Process } from '../process/process.ts'
import { castFrom } from '../process/verbs.ts'
import type { Protocol } from '../protocol.ts'
import { checkList } from './multi-call.ts'
import { type RpcRefusal, readErrorInfo, readReply, requestProblem, rpcName } from './rpc-message.ts'
import { type ExposedFunctions, exposeOn, unexposeOn } from './serving.ts'

/** What one node answered to `multicall`. */
export type RpcResult =
  | { readonly node: NodeName; readonly value: unknown }
  | { readonly node: NodeName; readonly error: Error }

/**
 * Calls functions that nodes have exposed with `node.expose`, and no others. Arguments and results are messages:
 * plain data; each call runs in a process of its own there.
 *
 * After OTP's erpc (https://www.erlang.org/doc/apps/kernel/erpc.html), without its power to run anything.
 */
export class Rpc {
  readonly #acting: () => Process

  /** @internal */
  constructor(acting: () => Process) {
    this.#acting = acting
  }

  /** The same, acting for this server, `self` or node, also after an `await`. */
  as(actor: Actor<never, Protocol>): Rpc {
    const process = Actor.checkedProcessOf(actor)
    return new Rpc(() => process)
  }

  /** As the method of a node, on the node that acts. */
  expose(functions: ExposedFunctions): void {
    exposeOn(this.#acting().node, functions)
  }

  /** As the method of a node, on the node that acts. */
  unexpose(name: string): boolean {
    return unexposeOn(this.#acting().node, name)
  }

  /**
   * Calls a function of a node, this one included, and waits for what it returns. Once the caller has stopped
   * waiting the function runs on, and what it returns vanishes.
   * @throws all as rejections: E_RPC_UNKNOWN, E_RPC_OVERLOADED, E_RPC_INVALID, E_RPC_FAILED where the function threw,
   * its error as plain data in the field `remote`; E_CALL_TIMEOUT after `timeoutMs` (default 5000), E_CALL_ABORTED,
   * E_CALL_EXIT, E_NO_CONNECTION and E_MESSAGE_INVALID as any call
   */
  async call(node: NodeName, name: string, args: readonly unknown[] = [], options?: CallOptions): Promise<unknown> {
    return callFunction(this.#acting(), node, name, args, options)
  }

  /**
   * Has a node run a function of which nothing comes back, not even whether it is exposed.
   * @returns as `send`
   * @throws E_RPC_INVALID, E_MESSAGE_INVALID, E_NODE_NAME_INVALID
   */
  cast(node: NodeName, name: string, args: readonly unknown[] = []): boolean {
    const request = { name, args }
    checkRequest(node, request)
    return castFrom(this.#acting(), { name: rpcName, node }, request)
  }

  /**
   * Calls the same function on several nodes at once. The results stand in the order of the nodes: what one failed
   * with is in its own result.
   * @throws E_OPTION_INVALID as a rejection
   */
  async multicall(
    nodes: readonly NodeName[],
    name: string,
    args: readonly unknown[] = [],
    options?: CallOptions,
  ): Promise<RpcResult[]> {
    const caller = this.#acting()
    checkOptions(options, callOptionNames)
    if (options?.timeoutMs !== undefined) checkTimeout(options.timeoutMs)
    checkList('nodes', nodes)
    const calls = nodes.map(node =>
      callFunction(caller, node, name, args, options).then(
        value => ({ node, value }),
        (error: Error) => ({ node, error }),
      ),
    )
    return Promise.all(calls)
  }
}

async function callFunction(
  caller: Process,
  node: NodeName,
  name: string,
  args: readonly unknown[],
  options: CallOptions | undefined,
): Promise<unknown> {
  const request = { name, args }
  checkRequest(node, request)
  let answer: unknown
  try {
    answer = await callFrom(caller, { name: rpcName, node }, request, options)
  } catch (error) {
    throw errorOfCall(error, node, name)
  }
  const reply = readReply(answer)
  if (reply === undefined) throw failed(node, name, { name: 'Error', message: 'its reply is not a reply' })
  if (reply.kind === 'error') throw failed(node, name, reply.error)
  if (reply.kind === 'refused') throw refused(reply.refusal, node, name)
  return reply.value
}

function checkRequest(node: NodeName, request: unknown): void {
  const problem = requestProblem(request)
  if (problem !== undefined) throw runtimeError('E_RPC_INVALID', { node, problem })
}

function errorOfCall(error: unknown, node: NodeName, name: string): unknown {
  if (!hasCode(error, 'E_CALL_EXIT')) return error
  const { exit } = error.fields
  // Nothing has been exposed there.
  if (exit === 'noproc') return refused('unknown', node, name)
  const info = (exit as { error?: unknown } | null | undefined)?.error
  return info === undefined ? error : failed(node, name, readErrorInfo(info))
}

function refused(refusal: RpcRefusal, node: NodeName, name: string): BarrelError {
  switch (refusal) {
    case 'unknown':
      return runtimeError('E_RPC_UNKNOWN', { node, name })
    case 'overloaded':
      return runtimeError('E_RPC_OVERLOADED', { node, name })
    case 'invalid':
      return runtimeError('E_RPC_INVALID', { node, problem: 'it refused the name or the arguments' })
    default:
      return refusal satisfies never
  }
}

function failed(node: NodeName, name: string, remote: ErrorInfo): BarrelError {
  return runtimeError('E_RPC_FAILED', { node, name, problem: `${remote.name}: ${remote.message}`, remote })
}
