/** One request to several servers at once, after OTP's gen_server:multi_call. */

import { checkOptions, checkTimeout } from '../clock/timeouts.ts'
import type { Destination } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import { type CallOptions, callFrom, callOptionNames } from '../gen-server/calling.ts'
import type { Process } from '../process/process.ts'

/** Both in the order in which the destinations were given. */
export interface MultiCallResult<To, Reply = unknown> {
  readonly replies: readonly { readonly to: To; readonly reply: Reply }[]
  /** Who did not answer, and why: the error with which a `call` would have rejected, or thrown. */
  readonly failures: readonly { readonly to: To; readonly error: Error }[]
}

/** @throws E_OPTION_INVALID */
export function checkList(option: string, list: unknown): void {
  if (!Array.isArray(list)) throw runtimeError('E_OPTION_INVALID', { option, problem: 'it is not an array' })
}

/** @throws E_OPTION_INVALID as a rejection */
export async function multiCallFrom(
  caller: Process,
  destinations: readonly Destination<never>[],
  request: unknown,
  options: CallOptions | undefined,
): Promise<MultiCallResult<Destination<never>>> {
  checkOptions(options, callOptionNames)
  if (options?.timeoutMs !== undefined) checkTimeout(options.timeoutMs)
  checkList('to', destinations)
  const ask = async (to: Destination<never>) => callFrom(caller, to, request, options)
  const answers = await Promise.allSettled(destinations.map(ask))
  const replies: { to: Destination<never>; reply: unknown }[] = []
  const failures: { to: Destination<never>; error: Error }[] = []
  for (const [place, answer] of answers.entries()) {
    const to = destinations[place] as Destination<never>
    if (answer.status === 'fulfilled') replies.push({ to, reply: answer.value })
    else failures.push({ to, error: answer.reason as Error })
  }
  return { replies, failures }
}
