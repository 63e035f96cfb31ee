/** Every bound of user streams: what a peer, or a process that does not read, can make this node hold. */

const KiB = 1024

export const limits = {
  /** UTF-8 bytes of a tag, which one byte counts. */
  tagBytesMax: 255,
  /** Streams whose tag has not come whole: of one peer, and in all. Past it a new one is refused. */
  parkedPerPeerMax: 16,
  parkedMax: 64,
  /** How long the tag of a stream may take to come, from its first byte. One packet carries it as a rule. */
  preambleMsMax: 5_000,
  /** Open streams with one peer, and in all, whoever opened them. QUIC must let the peer have as many. */
  streamsPerPeerMax: 64,
  streamsMax: 512,
  /** Bytes that came and were not read, a stream: past it the peer is stopped. One chunk more may come. */
  receiveBufferBytes: 256 * KiB,
  /** What a chunk that waits counts on top of its bytes, so that a peer cannot fill the heap with tiny ones. */
  chunkOverheadBytes: 256,
  /** Bytes written that may wait in the layer below, a stream: about what one flush of the endpoint takes. */
  sendQueueBytes: 512 * KiB,
  /** Writes of one stream that wait for room. Who awaits each has one. */
  writesWaitingMax: 1_024,
  /** Messages in the mailbox of an acceptor, past which it gets no more streams: also those of ended ones wait there. */
  acceptorMailboxMax: 1_024,
  /** The highest code that `reset` takes; those above are ours. */
  resetCodeMax: 255,
} as const
