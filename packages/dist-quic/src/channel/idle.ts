/**
 * Finds channels that nobody relies on and that carry nothing, and offers their other end to close them. The offer is
 * what keeps a message from being lost that one end sends at the moment when the other closes.
 */
import type { Clock, NodeName, Timer } from '@barrel-actors/runtime'

/** A channel, as far as its use goes. */
export interface UsedChannel {
  readonly node: NodeName
  readonly isUp: boolean
  /** Signals so far, both ways. */
  readonly signalsCount: number
  readonly hasWaiting: boolean
  /** Asks the other end to close it, unless that relies on it. */
  offerEnd(): void
}

export interface IdleOptions {
  readonly idleChannelMs: number
  readonly idleSweepMs: number
}

interface Use {
  signalsCount: number
  /** Idle from then on, as of the last look. */
  sinceMs: number
}

export class IdleCollector {
  readonly #clock: Clock
  readonly #options: IdleOptions
  readonly #channels: () => Iterable<UsedChannel>
  readonly #isKept: (node: NodeName) => boolean
  #uses = new Map<UsedChannel, Use>()
  #timer: Timer | undefined

  constructor(
    clock: Clock,
    options: IdleOptions,
    channels: () => Iterable<UsedChannel>,
    isKept: (node: NodeName) => boolean,
  ) {
    this.#clock = clock
    this.#options = options
    this.#channels = channels
    this.#isKept = isKept
  }

  start(): void {
    this.#timer = this.#clock.setTimer(this.#options.idleSweepMs, () => {
      this.sweep()
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Looks at every channel, and offers the end of those that have been idle for long enough. */
  sweep(): void {
    const uses = new Map<UsedChannel, Use>()
    for (const channel of this.#channels()) {
      if (!channel.isUp) continue
      uses.set(channel, this.#look(channel))
    }
    this.#uses = uses
    for (const channel of uses.keys()) if (this.#hasBeenIdle(channel, 1)) channel.offerEnd()
  }

  /** Whether the other end may have it closed. It need not have looked at the same moment as this one. */
  mayEnd(channel: UsedChannel): boolean {
    if (!this.#uses.has(channel)) return false
    this.#uses.set(channel, this.#look(channel))
    return this.#hasBeenIdle(channel, 1 / 2)
  }

  #look(channel: UsedChannel): Use {
    const { signalsCount } = channel
    const before = this.#uses.get(channel)
    const isUsed = before?.signalsCount !== signalsCount || channel.hasWaiting || this.#isKept(channel.node)
    return isUsed ? { signalsCount, sinceMs: this.#clock.now() } : before
  }

  #hasBeenIdle(channel: UsedChannel, share: number): boolean {
    const { sinceMs } = this.#uses.get(channel) as Use
    return this.#clock.now() - sinceMs >= this.#options.idleChannelMs * share
  }
}
