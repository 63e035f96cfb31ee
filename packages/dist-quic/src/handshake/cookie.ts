/** The proof of a probe that has no key: an HMAC-SHA256 with the shared cookie (RFC 2104), over the same transcript. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Transcript, transcriptHash } from './transcript.ts'

// No acceptor ever makes one, so that there is nothing to send back to it.
const label = Buffer.from('barrel-actors handshake v4 cookie\0', 'latin1')

/** What a dialer says in place of a signature; 32 bytes. */
export function cookieMac(cookie: Uint8Array, transcript: Transcript): Uint8Array {
  return Uint8Array.from(createHmac('sha256', cookie).update(label).update(transcriptHash(transcript)).digest())
}

/** Whether it was made with that cookie over that transcript, in a time that tells nothing. */
export function isCookieMac(cookie: Uint8Array, transcript: Transcript, mac: Uint8Array): boolean {
  const expected = cookieMac(cookie, transcript)
  return mac.length === expected.length && timingSafeEqual(mac, expected)
}
