/**
 * What a peer may cost before its connection is closed: the library holds, or answers, some of what a peer sends
 * without asking how much there is of it (SECURITY.md). It counts and compares, and neither sends nor waits.
 *
 *   untrusted: all bytes count, until the layer above trusts the peer
 *   intake:    bytes that came and brought no stream bytes, such as path challenges, CRYPTO frames, new ids
 *   answers:   packets that we sent and had no stream bytes to send for, such as answers to path challenges
 *
 * The last two refill with time, so that pings and acknowledgements never use them up, and by many times what stream
 * bytes take: an honest peer on a path that reorders cannot know that a packet has come, and sends it again. Bytes count only if the peer
 * sent them: anybody can send a datagram to a connection id that they saw, and must not end a connection by that.
 */
import { limits } from './limits.ts'

export class PeerBudget {
  readonly #intakeMax: number
  #untrustedBytes: number
  #intake: number
  #answers: number = limits.answerPacketsMax
  /** Packets that stream bytes of ours may take. */
  #due = 0
  #at: number
  /** Bytes that came, and bytes of the peer among them, when that was last asked for. */
  #came = 0
  #cameBefore = 0
  #peersBefore = 0

  /**
   * `windowBytes` is what flow control lets the peer send before anybody reads it. With `untrustedBytes` undefined the
   * peer is trusted from the start.
   */
  constructor(windowBytes: number, untrustedBytes: number | undefined, now: number) {
    this.#intakeMax = windowBytes + limits.intakeBytesMax
    this.#intake = this.#intakeMax
    this.#untrustedBytes = untrustedBytes ?? Number.POSITIVE_INFINITY
    this.#at = now
  }

  get trusted(): boolean {
    return this.#untrustedBytes === Number.POSITIVE_INFINITY
  }

  /** Lifts the bound on what it may send in all. */
  trust(): void {
    this.#untrustedBytes = Number.POSITIVE_INFINITY
  }

  /** A datagram came. */
  received(bytes: number): void {
    this.#came += bytes
    this.#untrustedBytes -= bytes
    this.#intake -= bytes
    // One acknowledgement for each, and one more for a path that lost some.
    this.#answers = Math.min(limits.answerPacketsMax, this.#answers + 2)
  }

  /** Bytes of a stream were in what came. Their packets had heads, and came as often as the path made the peer send them. */
  read(bytes: number): void {
    this.#earn(bytes)
  }

  /** The library took bytes of streams, which go out in packets, again and again, that are acknowledged. */
  gave(bytes: number): void {
    this.#earn(bytes)
    const packets = 1 + bytes / limits.initialBytesMin
    this.#due = Math.min(limits.duePacketsMax, this.#due + limits.timesSentMax * packets)
  }

  /** A packet went out. */
  sent(): void {
    if (this.#due >= 1) this.#due--
    else this.#answers--
  }

  /** Why the connection must end, if it must. After each turn. `peersBytes` says how many bytes were the peer's. */
  check(now: number, peersBytes: () => number): string | undefined {
    if (this.#untrustedBytes < 0 || this.#intake < 0) this.#forgive(peersBytes())
    if (this.#untrustedBytes < 0) return 'it sent too much before it was authenticated'
    if (this.#intake < 0 || this.#answers < 0) this.#refill(now)
    if (this.#intake < 0) return 'it sent too much that carries nothing'
    if (this.#answers < 0) return 'it asked for too many answers'
    return undefined
  }

  #earn(bytes: number): void {
    const earned = limits.timesSentMax * (bytes + limits.packetHeadBytesMax)
    this.#intake = Math.min(this.#intakeMax, this.#intake + earned)
  }

  #forgive(peersBytes: number): void {
    const others = Math.max(0, this.#came - this.#cameBefore - (peersBytes - this.#peersBefore))
    this.#cameBefore = this.#came
    this.#peersBefore = peersBytes
    this.#untrustedBytes += others
    this.#intake = Math.min(this.#intakeMax, this.#intake + others)
  }

  // Only when something ran out: then all the time since the last refill counts, up to the most there can be.
  #refill(now: number): void {
    const elapsedMs = now - this.#at
    this.#at = now
    this.#intake = Math.min(this.#intakeMax, this.#intake + (elapsedMs * limits.intakeBytesPerSecond) / 1_000)
    const answers = this.#answers + (elapsedMs * limits.answerPacketsPerSecond) / 1_000
    this.#answers = Math.min(limits.answerPacketsMax, answers)
  }
}
