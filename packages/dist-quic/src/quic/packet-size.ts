/**
 * Chooses how large a connection's packets may be. It begins with the largest size and falls to the next smaller
 * one when packets of that size do not arrive while smaller ones do, or nothing does: a black hole (RFC 8899 4.4).
 * It counts and compares, and neither sends nor waits. Times are milliseconds of any clock that does not jump.
 *
 *   silence: large packets went out, three loss timers fired and a second passed, and nothing came back
 *   loss:    three quarters of the large packets of late were lost
 *
 * A silence may have been the peer's own, so the larger size is tried again soon, and then ever later.
 */

/** Timers without an answer, and the time, that make a silence. */
const silentTimers = 3
const silentMs = 1_000
/** Lost packets that say anything at all, and the share of the large ones that says it was their size. */
const lostMin = 6
const lostShare = 0.75
/** Large packets after which `sent` asks for a check. */
const packetsPerCheck = 64
/** A window is over once it has this many large packets and no more than half of them were lost. */
const windowPackets = 8
/** When the larger size is tried again: after a silence, four times as long after each that follows, at most RFC 8899's. */
const raiseMs = 10_000
const raiseGrowth = 4
const raiseMsMax = 600_000

export class PacketSize {
  readonly #sizes: readonly number[]
  #at = 0
  /** Large packets since the last check that was asked for. */
  #unchecked = 0
  #large = 0
  #largeBefore = 0
  /** What the count of lost packets was when the earlier of both windows began, and the later. */
  #lostBefore = 0
  #lostAt = 0
  #waitingSince: number | undefined
  #timers = 0
  #raiseAt = Number.POSITIVE_INFINITY
  #raiseMs = raiseMs

  /** `sizes` are bytes of a UDP payload, the largest first; at least one. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes
  }

  /** Bytes of a UDP payload. */
  get bytes(): number {
    return this.#sizes[this.#at] as number
  }

  /** A packet went out. Whether `check` should be called. */
  sent(bytes: number, now: number): boolean {
    const smaller = this.#sizes[this.#at + 1]
    if (smaller === undefined || bytes <= smaller) return false
    this.#large++
    this.#waitingSince ??= now
    if (++this.#unchecked < packetsPerCheck) return false
    this.#unchecked = 0
    return true
  }

  /** A packet came. */
  received(): void {
    this.#waitingSince = undefined
    this.#timers = 0
  }

  /** Another path, or packets that were given up for another reason: what was counted says nothing any more. */
  restart(lost: number): void {
    this.#large = this.#largeBefore = this.#unchecked = 0
    this.#lostBefore = this.#lostAt = lost
    this.received()
  }

  /** `lost`: packets of the connection that were lost so far. */
  check(lost: number, now: number): void {
    const packets = this.#large + this.#largeBefore
    const gone = lost - this.#lostBefore
    if (this.#large > 0 && gone >= lostMin && gone >= packets * lostShare) return this.#fall(lost, now + raiseMsMax)
    if (this.#large < windowPackets || lost - this.#lostAt > this.#large / 2) return
    this.#largeBefore = this.#large
    this.#lostBefore = this.#lostAt
    this.#large = 0
    this.#lostAt = lost
  }

  /** A timer of the connection fired. */
  expired(lost: number, now: number): void {
    this.check(lost, now)
    const since = this.#waitingSince
    if (since !== undefined && ++this.#timers >= silentTimers && now - since >= silentMs) {
      this.#fall(lost, now + this.#raiseMs)
      this.#raiseMs = Math.min(raiseMsMax, this.#raiseMs * raiseGrowth)
    } else if (now >= this.#raiseAt) this.#raise(lost)
  }

  #fall(lost: number, raiseAt: number): void {
    if (this.#at + 1 < this.#sizes.length) this.#at++
    this.#raiseAt = raiseAt
    this.restart(lost)
  }

  #raise(lost: number): void {
    this.#at = 0
    this.#raiseAt = Number.POSITIVE_INFINITY
    this.restart(lost)
  }
}
