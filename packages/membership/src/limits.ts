/** Every bound of membership: what peers and files can make a node hold or do. */
export const limits = {
  /** Nodes of which the descriptor is kept apart from the views, for as long as walks and answers are under way. */
  descriptorsMax: 256,
  /** Processes that subscribe, and tags that have subscribers. */
  subscribersMax: 4_096,
  /** Contact nodes, and those of one listing that are joined. */
  contactsMax: 64,
  /** Nodes in one message of the overlay: a shuffle holds 8 by default. */
  peersPerMessageMax: 64,
  /** The largest time-to-live of a walk that is taken from a peer. */
  ttlMax: 16,
  /** Nodes that gave up a link a moment ago. */
  restingMax: 64,
  /** Links asked for and not answered: what a peer can make this node dial in half a minute. */
  pendingMax: 16,
  /** Dials to others that one member can have this node make at once: as many as can be pending. */
  dialsPerMemberMax: 16,
  /** After how long it can have one more. A calm overlay needs one in ten seconds. */
  dialEveryMs: 2_000,
  /** Members whose dials are counted. Past it, others make this node dial nobody until one has its whole budget back. */
  dialingMembersMax: 1_024,
  /** Endpoints in a peer descriptor. */
  endpointsMax: 8,
  /** Plumtree: characters of a broadcast's tag. Tags name stores, not keys. */
  tagCharactersMax: 128,
  /** Plumtree: bytes of one broadcast. As many as one frame takes uncut; whatever is larger is no news but a file. */
  payloadBytesMax: 64 * 1024,
  /** Plumtree: characters of an origin's name, as for every node name. */
  originCharactersMax: 255,
  /** Plumtree: hops of a payload. A ring of as many nodes is no overlay that anybody builds. */
  roundMax: 65_535,
  /** Plumtree: ranges in one ihave or graft. A full ihave is sent without waiting for its time. */
  rangesPerMessageMax: 64,
  /** Plumtree: payloads that one graft is answered with; whoever lacks more asks again. */
  answersPerGraftMax: 256,
  /** Plumtree: a peer gets the same payload again, where it asks for it, after so many times `graftRetryMs`. */
  answerAgainRetries: 10,
  /** Plumtree: origins of which one peer has announced something that is missing here, one range each. */
  missingPerPeerMax: 10_000,
  /** Plumtree: peers that announced nothing and are asked for an announced message before it is given up. */
  unannouncedAsksMax: 3,
  /** Plumtree: how far the time between asks grows while a gap stays, as a multiple of the first. */
  askBackOffMax: 16,
  /** Plumtree: asks fall on multiples of this, so that many missing messages make few ticks and few grafts. */
  askGrainMs: 25,
  /** Plumtree: sequences of an unknown origin that are still its beginning, and wanted from the first on. */
  startSequencesMax: 16,
  /** Plumtree: how far ahead of this node's own a creation may be, in seconds: clocks of machines differ by less. */
  creationAheadMax: 86_400,
  /** Plumtree: what the record of a cached payload counts beside its bytes. */
  cachedOverheadBytes: 256,
  /** Plumtree: how often at most a full table of origins is searched for silent ones. */
  originsSearchMs: 60_000,
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
  /** Detector: hash buckets of the table of members, the same at every node. */
  memberBuckets: 64,
  /** Detector: records in one message of an exchange. */
  recordsPerMessageMax: 64,
  /** Detector: records in one direction of an exchange: a newcomer needs several for a large table. */
  recordsPerExchangeMax: 1_024,
  /** Detector: the largest incarnation there is. */
  incarnationMax: 2 ** 40,
  /** Detector: how far one lie can raise the incarnation of a known node: no life refutes as often. */
  incarnationAheadMax: 2 ** 20,
  /** Detector: probes under way on behalf of others, and for one of them. */
  relayedMax: 64,
  relayedPerPeerMax: 16,
  /** Detector: nodes that are asked about at a time; further ones wait until they are found missing again. */
  inquiriesMax: 64,
  /** Detector: accusers of one node that are told apart. */
  accusersMax: 16,
} as const
