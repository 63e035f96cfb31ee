/** What the two sides of a remote call say to each other, and the checks of what came from the other one. */

import type { ErrorInfo } from '../exit-reason.ts'
import { limits } from '../limits.ts'

/** The name of the server on every node that exposes functions; names with `$` are not for users. */
export const rpcName = '$rpc'

export interface RpcRequest {
  readonly name: string
  readonly args: readonly unknown[]
}

export type RpcRefusal = 'unknown' | 'overloaded' | 'invalid'

export type RpcReply =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: ErrorInfo }
  | { readonly kind: 'refused'; readonly refusal: RpcRefusal }

const nameCharsMax = 255

export function isFunctionName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= nameCharsMax
}

/** Why this is no request, or undefined where it is one. */
export function requestProblem(request: unknown): string | undefined {
  const { name, args } = (request ?? {}) as Partial<RpcRequest>
  if (!isFunctionName(name)) return `a name is a string of 1 to ${nameCharsMax} characters`
  if (!Array.isArray(args)) return 'the arguments are not an array'
  return args.length <= limits.rpcArgsMax ? undefined : `there are more than ${limits.rpcArgsMax} arguments`
}

/** A reply as it came, or undefined where it is none. */
export function readReply(reply: unknown): RpcReply | undefined {
  const { kind, value, error, refusal } = (reply ?? {}) as { [Key in 'kind' | 'value' | 'error' | 'refusal']?: unknown }
  if (kind === 'value') return { kind, value }
  if (kind === 'error') return { kind, error: readErrorInfo(error) }
  if (kind !== 'refused') return undefined
  return refusal === 'unknown' || refusal === 'overloaded' || refusal === 'invalid' ? { kind, refusal } : undefined
}

/** What another node says of an error: its texts, and nothing else of it. */
export function readErrorInfo(error: unknown): ErrorInfo {
  const { name, message, code, stack } = (error ?? {}) as { [Key in keyof ErrorInfo]?: unknown }
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : 'an error without a message',
    ...(typeof code === 'string' && { code }),
    ...(typeof stack === 'string' && { stack }),
  }
}
