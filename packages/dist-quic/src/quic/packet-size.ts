/**
 * Chooses how large a connection's packets may be. It begins with the largest size and falls to the next smaller one
 * when most packets of that size are lost: a black hole (RFC 8899 4.3). So that losses are noticed at all where only
 * large packets vanish, the packets sent because a timer fired are of the smallest size: they get through, and what
 * acknowledges them tells of those lost before. It counts and compares, and neither sends nor waits. Times are
 * milliseconds of any clock that does not jump.
 */

/** Lost packets that say anything at all, and the share of the large ones that says it was their size. */
const lostMin = 6
const lostShare = 0.75
/** Large packets after which `sent` asks for a check. */
const packetsPerCheck = 64
/** A window is over once it has this many large packets and no more than half of them were lost. */
const windowPackets = 8
/** As many packets as a probe time-out sends, RFC 9002 6.2.4. */
const probesPerTimer = 2
/** When the largest size is tried again: PMTU_RAISE_TIMER of RFC 8899 5.1.1. */
const raiseMs = 600_000

export class PacketSize {
  readonly #sizes: readonly number[]
  #at = 0
  #probes = 0
  /** Large packets since the last check that was asked for. */
  #unchecked = 0
  #large = 0
  #largeBefore = 0
  /** What the count of lost packets was when the earlier of both windows began, and the later. */
  #lostBefore = 0
  #lostAt = 0
  #raiseAt = Number.POSITIVE_INFINITY

  /** `sizes` are bytes of a UDP payload, the largest first; at least one. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes
  }

  /** Bytes of a UDP payload. */
  get bytes(): number {
    return this.#sizes[this.#at] as number
  }

  /** The same for the next packet, which may be a probe. */
  get nextBytes(): number {
    return this.#probes === 0 ? this.bytes : (this.#sizes.at(-1) as number)
  }

  /** A packet went out. Whether `check` should be called. */
  sent(bytes: number): boolean {
    if (this.#probes > 0) this.#probes--
    const smaller = this.#smaller
    if (smaller === undefined || bytes <= smaller) return false
    this.#large++
    if (++this.#unchecked < packetsPerCheck) return false
    this.#unchecked = 0
    return true
  }

  /** Another path, or packets that were given up for another reason: what was counted says nothing any more. */
  restart(lost: number): void {
    this.#large = this.#largeBefore = this.#unchecked = 0
    this.#lostBefore = this.#lostAt = lost
  }

  /** `lost`: packets of the connection that were lost so far. */
  check(lost: number, now: number): void {
    const packets = this.#large + this.#largeBefore
    const gone = lost - this.#lostBefore
    if (this.#large > 0 && gone >= lostMin && gone >= packets * lostShare) return this.#fall(lost, now)
    if (this.#large < windowPackets || lost - this.#lostAt > this.#large / 2) return
    this.#largeBefore = this.#large
    this.#lostBefore = this.#lostAt
    this.#large = 0
    this.#lostAt = lost
  }

  /** A timer of the connection fired. */
  expired(lost: number, now: number): void {
    this.check(lost, now)
    this.#probes = probesPerTimer
    if (now < this.#raiseAt) return
    this.#at = 0
    this.#raiseAt = Number.POSITIVE_INFINITY
    this.restart(lost)
  }

  get #smaller(): number | undefined {
    return this.#sizes[this.#at + 1]
  }

  // Only where a smaller size is left: no packet counts as large otherwise.
  #fall(lost: number, now: number): void {
    this.#at++
    this.#raiseAt = now + raiseMs
    this.restart(lost)
  }
}
