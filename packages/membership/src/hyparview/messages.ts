/** What HyParView nodes say to each other. Names as in the paper: Leitao, Pereira, Rodrigues, DSN 2007. */
import { limits } from '../limits.ts'
import { type Peer, peerProblem, plainPeer } from '../peer.ts'

/** `high` is never refused. */
export type Priority = 'high' | 'low'

export type HyparviewMessage =
  /** Asks the contact node for a first link, and to make others known. `peer` is the sender. */
  | { readonly kind: 'join'; readonly peer: Peer }
  /** Walks through the overlay on behalf of a newcomer. */
  | { readonly kind: 'forwardJoin'; readonly peer: Peer; readonly ttl: number }
  /** Asks for a link. `peer` is the sender. */
  | { readonly kind: 'neighbor'; readonly peer: Peer; readonly priority: Priority }
  /**
   * The answer to `join` and `neighbor`: only then do both ends hold the link. `peer` is the sender, `evicted` who lost
   * its link for it.
   */
  | { readonly kind: 'neighborReply'; readonly peer: Peer; readonly accepted: boolean; readonly evicted?: Peer }
  /** The sender holds the link no more. A node that `leaves` is not looked for; `instead` lost a link as well. */
  | { readonly kind: 'disconnect'; readonly leaves: boolean; readonly instead?: Peer }
  /** Walks through the overlay; where it ends, `origin` is answered with as many peers. */
  | {
      readonly kind: 'shuffle'
      readonly origin: Peer
      readonly id: number
      readonly peers: readonly Peer[]
      readonly ttl: number
    }
  | { readonly kind: 'shuffleReply'; readonly id: number; readonly peers: readonly Peer[] }
  /** The sender holds a link to the receiver, who answers with `disconnect` where it does not. */
  | { readonly kind: 'check' }
  /** Is the node there again? `peer` is the sender. */
  | { readonly kind: 'probe'; readonly peer: Peer }
  | { readonly kind: 'probeReply'; readonly peer: Peer }

export type HyparviewKind = HyparviewMessage['kind']

type Fields = Readonly<Record<string, unknown>>

/** For each kind: the message with nothing else in it, or what is wrong with it. */
const readers: { readonly [Kind in HyparviewKind]: (fields: Fields) => HyparviewMessage | string } = {
  join: ({ peer }) => withPeer(peer, known => ({ kind: 'join', peer: known })),
  forwardJoin: ({ peer, ttl }) =>
    withPeer(peer, known => (isTtl(ttl) ? { kind: 'forwardJoin', peer: known, ttl } : 'its time to live is none')),
  neighbor: ({ peer, priority }) =>
    withPeer(peer, known =>
      priority === 'high' || priority === 'low' ? { kind: 'neighbor', peer: known, priority } : 'its priority is none',
    ),
  neighborReply: ({ peer, accepted, evicted }) =>
    withPeer(peer, known => {
      if (typeof accepted !== 'boolean') return 'it neither accepts nor refuses'
      if (evicted === undefined) return { kind: 'neighborReply', peer: known, accepted }
      return withPeer(evicted, other => ({ kind: 'neighborReply', peer: known, accepted, evicted: other }))
    }),
  disconnect: ({ leaves, instead }) => {
    if (typeof leaves !== 'boolean') return 'it does not say whether the node leaves'
    if (instead === undefined) return { kind: 'disconnect', leaves }
    return withPeer(instead, other => ({ kind: 'disconnect', leaves, instead: other }))
  },
  shuffle: ({ origin, id, peers, ttl }) =>
    withPeer(origin, known => {
      if (!isTtl(ttl)) return 'its time to live is none'
      return withPeers(id, peers, (number, list) => ({ kind: 'shuffle', origin: known, id: number, peers: list, ttl }))
    }),
  shuffleReply: ({ id, peers }) =>
    withPeers(id, peers, (number, list) => ({ kind: 'shuffleReply', id: number, peers: list })),
  check: () => ({ kind: 'check' }),
  probe: ({ peer }) => withPeer(peer, known => ({ kind: 'probe', peer: known })),
  probeReply: ({ peer }) => withPeer(peer, known => ({ kind: 'probeReply', peer: known })),
}

/** A message as it came from another node: what it is, or what is wrong with it. Never throws. */
export function checkMessage(value: unknown): HyparviewMessage | string {
  if (typeof value !== 'object' || value === null) return 'it is no object'
  const fields = value as Fields
  const { kind } = fields
  if (typeof kind !== 'string' || !Object.hasOwn(readers, kind)) return 'its kind is unknown'
  return readers[kind as HyparviewKind](fields)
}

function withPeer(value: unknown, build: (peer: Peer) => HyparviewMessage | string): HyparviewMessage | string {
  return peerProblem(value) ?? build(plainPeer(value as Peer))
}

function withPeers(
  id: unknown,
  value: unknown,
  build: (id: number, peers: readonly Peer[]) => HyparviewMessage,
): HyparviewMessage | string {
  if (!Number.isSafeInteger(id)) return 'its number is none'
  if (!Array.isArray(value) || value.length > limits.peersPerMessageMax) return 'its peers are no short list'
  for (const peer of value) {
    const problem = peerProblem(peer)
    if (problem !== undefined) return problem
  }
  return build(id as number, (value as Peer[]).map(plainPeer))
}

function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limits.ttlMax
}
