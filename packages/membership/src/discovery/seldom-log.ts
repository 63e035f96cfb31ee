import type { Clock, Log, LogFields } from '@barrel-actors/runtime'

/** How often the same event of the same backend is told; chosen: seen soon, and no flood. */
const everyMs = 60_000

/**
 * Warns of what may happen again and again: each event at most once a minute, with how often it happened since. Events
 * are constants, so few are remembered.
 */
export class SeldomLog {
  readonly #clock: Clock
  readonly #log: Log
  readonly #told = new Map<string, { atMs: number; more: number }>()

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  warn(event: string, fields: LogFields): void {
    const now = this.#clock.now()
    const told = this.#told.get(event)
    if (told !== undefined && now - told.atMs < everyMs) {
      told.more++
      return
    }
    this.#told.set(event, { atMs: now, more: 0 })
    this.#log.warn(event, told === undefined || told.more === 0 ? fields : { ...fields, untold: told.more })
  }
}

/** The message of whatever was thrown. Never throws. */
export function problemOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'an error without a text'
  }
}
