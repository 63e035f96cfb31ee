/** Every bound of the QUIC endpoint: what a peer, or nobody in particular, can make us hold or do. */

const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** Connections of an endpoint, whatever their state: past it new ones are not accepted. */
  connectionsMax: 8_192,
  /** Accepted connections whose peer has not authenticated: in all, and from one address. */
  handshakesMax: 256,
  handshakesPerAddressMax: 16,
  /** All nodes of this machine share its loopback address. */
  handshakesLoopbackMax: 64,
  /** How long one of them must have been silent to give way to another. It bounds how many begin: as many as there are
   * places in that time. */
  silentMsMin: 250,
  /** A TLS handshake that we accepted and that takes longer is given up. */
  handshakeMsMax: 5_000,
  /** Datagrams of one flight of a handshake that are sent again, first after that time, then after twice as long each time. */
  flightDatagramsMax: 8,
  flightTimesMax: 5,
  flightMsFirst: 150,
  /** How long a Retry token is good for; RFC 9000 8.1.3 asks for a short time. */
  retryTokenMsMax: 10_000,
  /**
   * Until it is trusted: bytes of datagrams that a peer may send in all, and streams other than the control stream
   * that may wait unread. What an honest peer sends right behind its last handshake message can overtake it.
   */
  untrustedBytesMax: 64 * KiB,
  untrustedStreamsMax: 17,
  /**
   * Connection ids of one connection in its life, and those given ahead of use. Each path takes one at each end, and
   * quiche 0.18 takes up no new path once it has had as many as there may be ids: one that moved 31 times is over.
   */
  connectionIdsMax: 32,
  connectionIdsSpare: 3,
  /** How long a socket that a connection moved away from is kept, for what is under way to it. */
  leftSocketMs: 1_000,
  /** Sockets of one connection at a time: the one in use, the one moved to, one that was just left. */
  socketsMax: 3,
  /** Bytes a peer may send that bring no stream bytes, beside what flow control lets wait: at once, and a second. */
  intakeBytesMax: 1 * MiB,
  intakeBytesPerSecond: 2 * KiB,
  /** Packets sent only to answer a peer: at once, and a second beside two for each datagram it sends. */
  answerPacketsMax: 1_024,
  answerPacketsPerSecond: 50,
  /** How often the same stream bytes may be sent. Six times were measured: jitter of 50 ms, packets of 16 KiB. */
  timesSentMax: 16,
  /** Packets that stream bytes of ours may still take, those sent again included. */
  duePacketsMax: 65_536,
  /** What a packet holds beside stream bytes, at most: heads and acknowledgements. */
  packetHeadBytesMax: 128,
  /** DER bytes of the peer's one certificate. */
  certificateBytesMax: 8 * KiB,
  /** Streams the peer may have open at a time. RFC 9000 21.8: a stream is memory before any byte came. */
  // The control stream and 256 user streams; more of one direction than there are flows of signals.
  streamsBidiMax: 1 + 256,
  streamsUniMax: 16,
  /** Ended streams of a connection that are remembered, so that a late write to one is dropped. */
  streamsOverMax: 1_024,
  /** Text of a close reason, both ways. */
  reasonBytesMax: 256,
  /** No initial packet is shorter: RFC 9000 14.1. A shorter datagram from a stranger gets no answer. */
  initialBytesMin: 1_200,
  /** Packets of one connection in one flush, so that acknowledgements and other connections get their turn. */
  flushPacketsMax: 32,
  /** Small writes of one turn that are sent before its end once they have so many bytes: two packets on loopback. */
  earlyBytesMin: 32 * KiB,
  /** Bytes that may wait inside libuv because the kernel's buffer is full; past it flushes wait too. */
  socketQueueBytesMax: 256 * KiB,
  /** What we ask of the kernel for the socket, each way; it may give less. */
  socketBufferBytes: 4 * MiB,
  /** The memory of a datagram of that length or more is given back as soon as it is read. */
  releasedBytesMin: 4 * KiB,
  /** `drained()` tells when the bytes queued fall to this: for all streams of a connection, and for one. */
  lowWaterBytes: 128 * KiB,
  lowWaterStreamBytes: 64 * KiB,
  /** Free chunks of outgoing bytes kept for reuse, a size. */
  chunksFreeMax: 64,
} as const
