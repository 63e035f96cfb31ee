/** Every bound of membership: what peers and files can make a node hold or do. */
export const limits = {
  /** Nodes in one message of the overlay: a shuffle holds 8 by default. */
  peersPerMessageMax: 64,
  /** The largest time-to-live of a walk that is taken from a peer. */
  ttlMax: 16,
  /** Links asked for and not answered: what a peer can make this node dial in half a minute. */
  pendingMax: 16,
  /** Endpoints in a peer descriptor. */
  endpointsMax: 8,
} as const
