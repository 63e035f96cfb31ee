/**
 * The places of accepted connections that are not proved yet, in all and for each party. Where there are none left, the
 * one that has been silent for longest gives way: who says nothing must not keep out who would.
 */
import type { Clock } from '@barrel-actors/runtime'
import { isLoopback, partyOf } from './address.ts'
import { limits } from './limits.ts'

interface Place {
  readonly party: string
  heardAt: number
}

export interface HandshakeBounds {
  readonly max: number
  readonly perPartyMax: number
  /** For a loopback address, which all nodes of a machine share. */
  readonly loopbackMax: number
}

export class HandshakeCaps<Holder> {
  readonly #clock: Clock
  readonly #bounds: HandshakeBounds
  /** In the order in which they were last heard. */
  readonly #places = new Map<Holder, Place>()
  readonly #parties = new Map<string, number>()

  constructor(clock: Clock, bounds: HandshakeBounds) {
    this.#clock = clock
    this.#bounds = bounds
  }

  get total(): number {
    return this.#places.size
  }

  /** How many parties have one open. */
  get partiesCount(): number {
    return this.#parties.size
  }

  /** Whether one more from that host may begin. */
  mayBegin(host: string): boolean {
    return this.#places.size < this.#bounds.max && !this.#isFull(host)
  }

  /** Who is to give way to one more from that host; undefined when nobody has been silent for long enough. */
  silent(host: string): Holder | undefined {
    const party = this.#isFull(host) ? partyOf(host) : undefined
    const before = this.#clock.now() - limits.silentMsMin
    for (const [holder, place] of this.#places) {
      if (place.heardAt > before) return undefined
      if (party === undefined || place.party === party) return holder
    }
    return undefined
  }

  begin(host: string, holder: Holder): void {
    const party = partyOf(host)
    this.#places.set(holder, { party, heardAt: this.#clock.now() })
    this.#parties.set(party, (this.#parties.get(party) ?? 0) + 1)
  }

  /** A datagram came for it. Those that have no place are passed over. */
  heard(holder: Holder): void {
    const place = this.#places.get(holder)
    if (place === undefined) return
    place.heardAt = this.#clock.now()
    this.#places.delete(holder)
    this.#places.set(holder, place)
  }

  /** It was proved or given up. May be called again. */
  end(holder: Holder): void {
    const party = this.#places.get(holder)?.party
    if (party === undefined) return
    this.#places.delete(holder)
    const left = (this.#parties.get(party) ?? 1) - 1
    if (left === 0) this.#parties.delete(party)
    else this.#parties.set(party, left)
  }

  #isFull(host: string): boolean {
    const { loopbackMax, perPartyMax } = this.#bounds
    return (this.#parties.get(partyOf(host)) ?? 0) >= (isLoopback(host) ? loopbackMax : perPartyMax)
  }
}
