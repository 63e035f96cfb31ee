/**
 * A 1-RTT packet that a test makes by itself, with frames that no library sends. RFC 9001 5: the keys come from the
 * traffic secret of the client, which the library writes to its key log.
 */
import { createCipheriv, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Of TLS_AES_128_GCM_SHA256, which machines with AES instructions choose. */
const keyBytes = 16
const nonceBytes = 12
const sampleBytes = 16
const packetNumberBytes = 4

/** The secret for what the client sends, once its TLS is done. */
export function clientSecret(keyLog: string): Buffer {
  const line = /^CLIENT_TRAFFIC_SECRET_0 \S+ (\S+)$/m.exec(readFileSync(keyLog, 'utf8'))
  return Buffer.from(line?.[1] ?? '', 'hex')
}

/** RFC 8446 7.1: HKDF-Expand-Label with an empty context, of no more than one block. */
function expand(secret: Buffer, name: string, bytes: number): Buffer {
  const label = Buffer.from(`tls13 ${name}`)
  const info = Buffer.concat([Buffer.of(0, bytes, label.length), label, Buffer.of(0, 1)])
  return createHmac('sha256', secret).update(info).digest().subarray(0, bytes)
}

/** A short packet of the client with those frames. */
export function forgedPacket(secret: Buffer, destination: Uint8Array, packetNumber: number, frames: Buffer): Buffer {
  const numberAt = 1 + destination.length
  const head = Buffer.concat([Buffer.of(0x40 + packetNumberBytes - 1), destination, Buffer.alloc(packetNumberBytes)])
  head.writeUInt32BE(packetNumber, numberAt)
  const nonce = expand(secret, 'quic iv', nonceBytes)
  for (let at = 0; at < packetNumberBytes; at++) {
    const end = nonceBytes - packetNumberBytes + at
    nonce[end] = (nonce[end] as number) ^ (head[numberAt + at] as number)
  }
  const cipher = createCipheriv('aes-128-gcm', expand(secret, 'quic key', keyBytes), nonce)
  cipher.setAAD(head)
  const sealed = Buffer.concat([cipher.update(frames), cipher.final(), cipher.getAuthTag()])
  const mask = createCipheriv('aes-128-ecb', expand(secret, 'quic hp', keyBytes), null).update(
    sealed.subarray(0, sampleBytes),
  )
  head[0] = (head[0] as number) ^ ((mask[0] as number) & 0x1f)
  for (let at = 0; at < packetNumberBytes; at++) {
    head[numberAt + at] = (head[numberAt + at] as number) ^ (mask[1 + at] as number)
  }
  return Buffer.concat([head, sealed])
}

/** NEW_CONNECTION_ID, RFC 9000 19.15, with numbers below 64. */
export function newConnectionId(sequence: number, retirePriorTo: number, id: Uint8Array, token: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x18, sequence, retirePriorTo, id.length), id, token])
}

/** PING, RFC 9000 19.2: makes a packet no probe, so that the peer follows it to another address. */
export const ping: Buffer = Buffer.of(0x01)
