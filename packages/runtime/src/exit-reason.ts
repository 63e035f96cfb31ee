import { BarrelError } from './errors.ts'

/**
 * Why a process ended: plain data, so that it crosses the wire and prints well. `'normal'`, `'shutdown'`,
 * `'kill'` (sent), `'killed'` (seen), `'noproc'`, `'noconnection'` have the meaning that Erlang gives them.
 */
export type ExitReason = unknown

/** What is kept of an error in an exit reason. */
export interface ErrorInfo {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  /** The callback that threw, where a server's did. */
  readonly callback?: string
  readonly cause?: ErrorInfo
}

const causesMax = 4

/** The exit reason of a process that ended because its code threw. */
export function reasonOf(error: unknown, callback?: string): { readonly error: ErrorInfo } {
  return { error: infoOf(error, callback, causesMax) }
}

function infoOf(error: unknown, callback: string | undefined, causesLeft: number): ErrorInfo {
  const info: { -readonly [Key in keyof ErrorInfo]: ErrorInfo[Key] } =
    error instanceof Error
      ? { name: error.name, message: error.message }
      : { name: 'Thrown', message: describe(error) }
  if (callback !== undefined) info.callback = callback
  if (!(error instanceof Error)) return info
  if (error.stack !== undefined) info.stack = error.stack
  const code = error instanceof BarrelError ? error.code : (error as { code?: unknown }).code
  if (typeof code === 'string') info.code = code
  if (error.cause !== undefined && causesLeft > 0) info.cause = infoOf(error.cause, undefined, causesLeft - 1)
  return info
}

/** An exit reason in a few words, for errors and logs. */
export function describe(reason: ExitReason): string {
  if (typeof reason === 'string') return reason
  const error = (reason as { error?: Partial<ErrorInfo> } | undefined)?.error
  if (typeof error?.message === 'string') {
    const where = error.callback === undefined ? '' : ` in ${error.callback}`
    return `${error.name}: ${error.message}${where}`
  }
  try {
    return JSON.stringify(reason) ?? String(reason)
  } catch {
    return String(reason)
  }
}
