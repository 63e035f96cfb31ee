/** Every bound of membership: what peers and files can make a node hold or do. */
export const limits = {
  /** Nodes in one message of the overlay: a shuffle holds 8 by default. */
  peersPerMessageMax: 64,
  /** The largest time-to-live of a walk that is taken from a peer. */
  ttlMax: 16,
  /** Endpoints in a peer descriptor. */
  endpointsMax: 8,
} as const
