/** Counts accepted connections that are not proved yet, in all and for each party, and says when it is too many. */
import { isLoopback, partyOf } from './address.ts'

export class HandshakeCaps {
  readonly #max: number
  readonly #perPartyMax: number
  readonly #loopbackMax: number
  readonly #parties = new Map<string, number>()
  #total = 0

  constructor(max: number, perPartyMax: number, loopbackMax: number = perPartyMax) {
    this.#max = max
    this.#perPartyMax = perPartyMax
    this.#loopbackMax = loopbackMax
  }

  get total(): number {
    return this.#total
  }

  /** How many parties have one open. */
  get partiesCount(): number {
    return this.#parties.size
  }

  /** Whether one more from that host may begin. */
  mayBegin(host: string): boolean {
    const max = isLoopback(host) ? this.#loopbackMax : this.#perPartyMax
    return this.#total < this.#max && (this.#parties.get(partyOf(host)) ?? 0) < max
  }

  begin(host: string): void {
    const party = partyOf(host)
    this.#total++
    this.#parties.set(party, (this.#parties.get(party) ?? 0) + 1)
  }

  /** Once for each `begin`, whether it was proved or given up. */
  end(host: string): void {
    const party = partyOf(host)
    const left = (this.#parties.get(party) ?? 1) - 1
    this.#total--
    if (left === 0) this.#parties.delete(party)
    else this.#parties.set(party, left)
  }
}
