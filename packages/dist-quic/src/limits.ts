/** Every bound of identity, handshake and channels. What a peer or a file may make this node hold is bounded here. */
export const limits = {
  /** One encoded signal. A longer one is refused where it is sent; a peer that announces one loses its channel. */
  messageBytesMax: 64 * 1024 * 1024,
  /** A signal that goes in one piece. A larger one is cut. */
  frameBytesMax: 64 * 1024,
  /** Bytes that may wait in the shared stream. Past it the next flow that sends leaves it, and delays the others no more. */
  sharedBytesMax: 64 * 1024,
  /**
   * Estimated heap that a flow may still bring in the shared stream after it was asked to leave. Past it the stream
   * is left unread: an honest peer has so much on its way only over a path that holds two mebibytes.
   */
  overshootBytesMax: 16 * 1024 * 1024,
  /** The parts of one that is cut. */
  partBytesMax: 64 * 1024,
  /** Large signals under way at a time, in one flow: sent, or being put together. */
  messagesUnderWayMax: 8,
  /** Their bytes, in a channel. One alone may always go. */
  underWayBytesMax: 128 * 1024 * 1024,
  /** Memory of large signals that was used and is kept for the next ones, of a node. */
  parcelBytesFreeMax: 16 * 1024 * 1024,
  /** Nodes with connect options of their own. */
  connectOptionsMax: 4_096,
  /** Nodes that could not be reached whose failures are remembered. */
  failedNodesMax: 1_024,
  /** How long the answer may take to the offer to end an idle channel. What is given meanwhile waits. */
  idleAnswerMsMax: 2_000,
  /** Words on the control stream: at once, and a second beside them. The other end is closed above it. */
  wordsMax: 64,
  wordsPerSecond: 8,
  /** Bytes of words that may wait because the other end does not read them. It is closed above it. */
  unreadWordsBytesMax: 1024,
  /** Memory for putting them together, in a channel: what grows is held twice for a moment. */
  assemblyBytesMax: 3 * 64 * 1024 * 1024 + 128 * 1024 * 1024,
  /** Addresses of one node that a dial tries. */
  dialAddressesMax: 8,
  /** One handshake message, without its length prefix. The largest legal one, a HELLO, has 1,841 bytes. */
  handshakeMessageBytesMax: 2048,
  /** One member certificate, with the longest node name. */
  memberCertificateBytesMax: 410,
  /** How long a certificate lasts that a node signs for itself. It signs a new one after a third of that. */
  memberCertificateMs: 24 * 3_600_000,
  /** A file of a cluster: its key, or a certificate. Ours have some 600 bytes at most. */
  clusterFileBytesMax: 4096,
  /** Cluster keys that are accepted at a time: the old one and the new one, with room. */
  clusterKeysMax: 8,
  /** Statements by which one key gave way to the next, in a HELLO and on disk. The oldest is dropped. */
  successionsMax: 8,
  /** The reason in a refusal. */
  failReasonBytesMax: 64,
  /** Pinned keys, in memory and on disk. Loading checks each, about 0.3 ms a key. */
  pinsMax: 4096,
  /** Revoked keys, in memory and on disk. */
  revokedMax: 4096,
  /** revoked.json; a line has about 450 bytes with the longest node name. */
  revokedFileBytesMax: 4 * 1024 * 1024,
  /** succession.json; a statement has about 250 bytes. */
  successionFileBytesMax: 16_384,
  /** The patterns in cookieOnlyNodes: each is looked at for every probe. */
  cookieOnlyPatternsMax: 256,
  /** One pin file; ours have about 600 bytes with the longest node name. */
  pinFileBytesMax: 4096,
  /** node.key and node.pub, which have 32 bytes: room to say that a file has the wrong size. */
  keyFileBytesMax: 4096,
  /** node.pem: one certificate and its key, about 900 bytes. */
  certificateFileBytesMax: 65_536,
} as const
