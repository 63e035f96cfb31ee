/** Every bound of membership: what peers and files can make a node hold or do. */
export const limits = {
  /** Nodes in one message of the overlay: a shuffle holds 8 by default. */
  peersPerMessageMax: 64,
  /** The largest time-to-live of a walk that is taken from a peer. */
  ttlMax: 16,
  /** Endpoints in a peer descriptor. */
  endpointsMax: 8,
  /** One file of the shared directory. The largest that this code writes has about 3 KiB. */
  endpointFileBytesMax: 4_096,
  /** Files of the shared directory that one listing reads. The next one goes on behind them. */
  endpointFilesMax: 4_096,
  /** Of those, read at a time. */
  endpointFilesAtOnce: 16,
  /** Files whose fault is remembered, so that it is told once. */
  faultyFilesMax: 1_024,
  /** Nodes in a static table, and in one list of nodes. */
  listedNodesMax: 4_096,
  /** Endpoints, addresses or services of one answer that are looked at; of them, `endpointsMax` are taken. */
  answersMax: 64,
  /** Answers of look-ups that are kept; the one that was longest unused goes first. */
  answersKeptMax: 1_024,
  /** Look-ups under way at a time. Past it a node is not known, at once. */
  lookupsMax: 1_024,
  /** Questions to one backend that it has not answered, those given up included. Past it the backend is skipped. */
  unansweredMax: 256,
  /** Backends of one chain. */
  backendsMax: 16,
} as const
