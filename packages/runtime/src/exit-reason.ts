import { BarrelError, textOf } from './errors.ts'

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

/** The exit reason of a process that ended because its code threw. Never throws, whatever was thrown. */
export function reasonOf(error: unknown, callback?: string): { readonly error: ErrorInfo } {
  try {
    return { error: infoOf(error, callback, causesMax) }
  } catch {
    const info = { name: 'Thrown', message: 'a value that throws when it is read' }
    return { error: callback === undefined ? info : { ...info, callback } }
  }
}

function infoOf(error: unknown, callback: string | undefined, causesLeft: number): ErrorInfo {
  const info: { -readonly [Key in keyof ErrorInfo]: ErrorInfo[Key] } =
    error instanceof Error
      ? { name: textOf(error.name), message: textOf(error.message) }
      : { name: 'Thrown', message: describe(error) }
  if (callback !== undefined) info.callback = callback
  if (!(error instanceof Error)) return info
  const { stack, cause } = error
  if (typeof stack === 'string') info.stack = stack
  const code = error instanceof BarrelError ? error.code : (error as { code?: unknown }).code
  if (typeof code === 'string') info.code = code
  if (cause !== undefined && causesLeft > 0) info.cause = infoOf(cause, undefined, causesLeft - 1)
  return info
}

/** An exit reason in a few words, for errors and logs. Never throws: reasons come from anyone. */
export function describe(reason: ExitReason): string {
  if (typeof reason === 'string') return reason
  try {
    const error = (reason as { error?: Partial<ErrorInfo> } | null | undefined)?.error
    if (typeof error?.message === 'string') {
      const where = error.callback === undefined ? '' : ` in ${error.callback}`
      return `${error.name}: ${error.message}${where}`
    }
    return JSON.stringify(reason) ?? String(reason)
  } catch {
    return textOf(reason)
  }
}
