/**
 * What to answer to a datagram of no known connection, without keeping anything of it. Nothing is sent that is
 * longer than what came, and a connection begins only for a client that proved its address by a Retry token.
 */
import type { Clock, Entropy } from '@barrel-actors/runtime'
import type { Address } from './address.ts'
import { limits } from './limits.ts'
import type { Quiche } from './native.ts'
import { connectionIdBytes, longHead } from './packet-head.ts'
import { RetryTokens } from './retry-token.ts'

export type Answer =
  | { readonly kind: 'drop'; readonly why: string }
  | { readonly kind: 'reply'; readonly length: number }
  | { readonly kind: 'accept'; readonly sourceId: Buffer; readonly firstId: Uint8Array }

const drop = (why: string): Answer => ({ kind: 'drop', why })

export class StrangerDesk {
  readonly #quiche: Quiche
  readonly #clock: Clock
  readonly #entropy: Entropy
  readonly #tokens: RetryTokens

  constructor(quiche: Quiche, clock: Clock, entropy: Entropy) {
    this.#quiche = quiche
    this.#clock = clock
    this.#entropy = entropy
    this.#tokens = new RetryTokens(() => entropy.bytes(32), limits.retryTokenMsMax)
  }

  /** A reply is written to `out`. Never throws. */
  answer(packet: Buffer, client: Address, out: Buffer): Answer {
    if (packet.length < limits.initialBytesMin) return drop('unknownConnection')
    const head = longHead(packet)
    if (head === undefined || head.version === 0) return drop('unknownConnection')
    try {
      if (!this.#quiche.versionIsSupported(head.version)) {
        return { kind: 'reply', length: this.#quiche.negotiateVersion(head.source, head.destination, out) }
      }
      if (!head.initial) return drop('unknownConnection')
      // Ids of a peer that dials are of no use to us, and what it may do with them is much.
      return head.source.length > 0 ? drop('sourceId') : this.#initial(packet, client, out)
    } catch {
      return drop('malformed')
    }
  }

  #initial(packet: Buffer, client: Address, out: Buffer): Answer {
    const { Header, retry } = this.#quiche
    const { dcid, scid, token, version } = Header.fromSlice(packet, connectionIdBytes)
    const now = this.#clock.now()
    if (token === undefined || token === null || token.length === 0) {
      const retryId = this.#entropy.bytes(connectionIdBytes)
      const minted = this.#tokens.mint({ client, firstId: dcid, retryId }, now)
      return { kind: 'reply', length: retry(scid, dcid, retryId, minted, version, out) }
    }
    if (dcid.length !== connectionIdBytes) return drop('badRetryToken')
    const firstId = this.#tokens.check(token, client, dcid, now)
    return firstId === undefined ? drop('badRetryToken') : { kind: 'accept', sourceId: Buffer.from(dcid), firstId }
  }
}
