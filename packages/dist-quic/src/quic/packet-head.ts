/**
 * What every version of QUIC keeps in place at the start of a packet (RFC 8999), read without the native
 * library: enough to find the connection of a datagram, and to know strangers worth an answer.
 */

/** Bytes of each connection id we hand out. */
export const connectionIdBytes = 16

/** A dialed connection has none: quiche 0.18 loops for ever over ids that its peer gave and took back. */
export const noConnectionId: Uint8Array = new Uint8Array()

// RFC 9001 5.4.2: what is shorter has no room for a packet number, its sample and the tag.
const shortPacketBytesMin = 21

/** Whether it can be a packet to a peer that has no connection id. */
export function isWithoutId(packet: Buffer): boolean {
  return isLong(packet) ? packet.length > 6 && packet[5] === 0 : packet.length >= shortPacketBytesMin
}

/** Key of a connection id in a table. */
export function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1')
}

/** Key of the destination connection id; undefined when the datagram is too short to have one. */
export function destinationKey(packet: Buffer): string | undefined {
  if (packet.length < 1 + connectionIdBytes) return undefined
  if (!isLong(packet)) return packet.toString('latin1', 1, 1 + connectionIdBytes)
  const length = packet[5] as number
  return length > idBytesMax || packet.length < 6 + length ? undefined : packet.toString('latin1', 6, 6 + length)
}

export interface LongHead {
  readonly version: number
  readonly initial: boolean
  readonly destination: Buffer
  readonly source: Buffer
}

/** Head of a long packet; undefined when it is a short one or malformed. */
export function longHead(packet: Buffer): LongHead | undefined {
  if (packet.length < 7 || !isLong(packet)) return undefined
  const destinationEnd = 6 + (packet[5] as number)
  if (destinationEnd > 6 + idBytesMax || destinationEnd >= packet.length) return undefined
  const sourceStart = destinationEnd + 1
  const sourceEnd = sourceStart + (packet[destinationEnd] as number)
  if (sourceEnd > sourceStart + idBytesMax || sourceEnd > packet.length) return undefined
  return {
    version: packet.readUInt32BE(1),
    initial: ((packet[0] as number) & 0x30) === 0,
    destination: packet.subarray(6, destinationEnd),
    source: packet.subarray(sourceStart, sourceEnd),
  }
}

// Version 1 allows no longer ids.
const idBytesMax = 20

/** Whether its head is that of packets before TLS is done. */
export function isLong(packet: Buffer): boolean {
  return ((packet[0] ?? 0) & 0x80) !== 0
}
