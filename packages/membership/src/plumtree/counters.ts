/** What a Plumtree has done, and why it refused what it refused. */

/** Why something of a peer, or a broadcast, was dropped. */
export type Refusal =
  /** No message at all, or one with a field missing, of another type or out of bounds. */
  | 'malformed'
  /** From a node that is no neighbour; also what was under way when a neighbour went. */
  | 'notNeighbour'
  /** The origin has no name that a node can have. */
  | 'badOrigin'
  /** In the name of this node, and never said by it. */
  | 'forged'
  /** Of an earlier life of its origin. */
  | 'staleCreation'
  /** Of a life that cannot have begun yet. */
  | 'creationAhead'
  | 'originsFull'
  | 'originsPerPeerFull'
  | 'heldFull'
  | 'missingFull'
  /** A broadcast of this node that is too large, or has too long a tag. */
  | 'broadcastTooLarge'

export interface Counters {
  delivered: number
  /** Payloads, counted for each peer that they went to. */
  gossipSent: number
  gossipReceived: number
  duplicates: number
  ihaveSent: number
  graftSent: number
  pruneSent: number
  /** Gaps that were given up. */
  missed: number
  readonly refused: Record<Refusal, number>
}

export function createCounters(): Counters {
  return {
    delivered: 0,
    gossipSent: 0,
    gossipReceived: 0,
    duplicates: 0,
    ihaveSent: 0,
    graftSent: 0,
    pruneSent: 0,
    missed: 0,
    refused: {
      malformed: 0,
      notNeighbour: 0,
      badOrigin: 0,
      forged: 0,
      staleCreation: 0,
      creationAhead: 0,
      originsFull: 0,
      originsPerPeerFull: 0,
      heldFull: 0,
      missingFull: 0,
      broadcastTooLarge: 0,
    },
  }
}
