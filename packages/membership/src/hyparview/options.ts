/** The options of the overlay, each default with its source. */

export interface HyparviewOptions {
  /** Neighbours at most: links that gossip goes over. */
  readonly activeViewMax: number
  /** Nodes at most that are known as a reserve. */
  readonly passiveViewMax: number
  /** Hops of a newcomer's walk. */
  readonly activeWalkLength: number
  /** Hops that are left of it where the newcomer enters a passive view. */
  readonly passiveWalkLength: number
  /** Nodes out of the active view in a shuffle. */
  readonly shuffleActive: number
  /** Nodes out of the passive view in a shuffle. */
  readonly shufflePassive: number
  /** Hops of a shuffle. */
  readonly shuffleWalkLength: number
  /** A cycle: one shuffle, and what else comes round. Shorter while there is churn. */
  readonly shuffleIntervalMs: number
  /** A request for a link that was not answered for so long is dropped. */
  readonly pendingMsMax: number
  /** A node that nobody has mentioned for so long leaves the passive view. */
  readonly passiveAgeMsMax: number
  /** Neighbours that were lost and are probed in turn, one a cycle. */
  readonly failedMax: number
  /**
   * Cycles between two exchanges with a seed outside of the active view, and between two with another node that is
   * remembered; a young node has them earlier. 0 for never.
   */
  readonly seedCycles: number
  /** Cycles between two swaps of a neighbour for a node of the passive view; as above. 0 for never. */
  readonly swapCycles: number
}

export const hyparviewDefaults: HyparviewOptions = {
  activeViewMax: 5, // HyParView paper, experiment setup
  passiveViewMax: 30, // HyParView paper, experiment setup
  activeWalkLength: 6, // HyParView paper, experiment setup
  passiveWalkLength: 3, // HyParView paper, experiment setup
  shuffleActive: 3, // HyParView paper, experiment setup
  shufflePassive: 4, // HyParView paper, experiment setup
  shuffleWalkLength: 6, // chosen: as long as a join's, so that it ends anywhere
  shuffleIntervalMs: 10_000, // as barrel_p2p
  pendingMsMax: 30_000, // as barrel_p2p: longer than a dial may take
  passiveAgeMsMax: 300_000, // as barrel_p2p
  failedMax: 32, // chosen: more than an active view loses in a split
  seedCycles: 32, // chosen: five minutes, when all is well
  swapCycles: 64, // chosen: ten minutes: islands that know of each other grow together, and trees stay put
}
