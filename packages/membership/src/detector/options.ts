/**
 * The options of the failure detector, each default with its source. Kill to `nodeGone` with the defaults, at worst:
 *
 *   5 s    until the turn of a neighbour comes to be probed (five neighbours, one a second)
 *   1 s    its acknowledgement does not come
 *   1.5 s  nobody who was asked for it could reach it; the verdict `suspect` is broadcast
 *   1 s    the broadcast reaches everybody
 *   18 s   nobody refutes; 12 s where others accuse it too
 *   ------
 *   26.5 s of 30 s. A node that is overloaded itself takes longer: it rather errs towards patience.
 */

export interface DetectorOptions {
  /** One neighbour is probed in each, in turn. */
  readonly probeIntervalMs: number
  /** How long an acknowledgement may take. */
  readonly probeTimeoutMs: number
  /** How long those who are asked to probe a node may take. Longer than `probeTimeoutMs`: they wait as long themselves. */
  readonly indirectTimeoutMs: number
  /** Neighbours that are asked to probe a node that did not answer. */
  readonly indirectProbes: number
  /** The time to refute in, when `confirmations` others accuse too. */
  readonly suspicionMinMs: number
  /** The time to refute in, when one accuses. */
  readonly suspicionMaxMs: number
  /** Accusations of others that shorten the suspicion as far as it goes. */
  readonly confirmations: number
  /** A step that comes so much later than the tick that was due: this node was blocked. */
  readonly stallMs: number
  /** After a stall nobody is accused, and no suspicion ends, for so long. */
  readonly freshMs: number
  /** The worst health score. Time-outs grow by one of their own for each point. */
  readonly healthMax: number
  /** From this score on a node accuses nobody. */
  readonly doubtfulHealth: number
  /** Own refutations are broadcast no more often than this. */
  readonly announceMs: number
  /** Time between two exchanges of the table with a neighbour. */
  readonly exchangeIntervalMs: number
  /** The same as long as exchanges bring anything. */
  readonly exchangeSoonMs: number
  /** Members that are known, those gone included. */
  readonly membersMax: number
  /** Of them, those that one peer may have brought up. */
  readonly membersPerPeerMax: number
  /** How long is remembered that a node is gone. */
  readonly goneKeepMs: number
}

export const detectorDefaults: DetectorOptions = {
  probeIntervalMs: 1_000, // memberlist, LAN
  probeTimeoutMs: 1_000, // chosen: twice memberlist's, for a WAN and a busy loop
  indirectTimeoutMs: 1_500, // chosen: a relay waits one probeTimeoutMs of its own
  indirectProbes: 3, // memberlist, LAN; SWIM paper, section 4
  suspicionMinMs: 12_000, // chosen: a loop blocked for 10 s is suspected after 2.5 s at the earliest, and has 4.5 s left
  suspicionMaxMs: 18_000, // chosen: see above
  confirmations: 3, // Lifeguard paper: K
  stallMs: 1_000, // chosen: below the time in which a blocked loop would miss an acknowledgement
  freshMs: 5_000, // chosen: channels are made anew and each neighbour is probed in the meantime
  healthMax: 8, // Lifeguard paper: S
  doubtfulHealth: 4, // chosen: half of it
  announceMs: 500, // chosen: small against a suspicion
  exchangeIntervalMs: 30_000, // memberlist, LAN: push-pull
  exchangeSoonMs: 1_000, // chosen: 10,000 members in ten rounds
  membersMax: 32_768, // as the origins of Plumtree
  membersPerPeerMax: 16_384, // as the origins of Plumtree
  goneKeepMs: 86_400_000, // chosen: a day: what was cut off for longer starts anew
}
