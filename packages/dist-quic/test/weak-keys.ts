/** The public keys for which anyone can make signatures, in every spelling, and other spellings that are refused. */
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'

const prime = 2n ** 255n - 19n
const signBit = 2n ** 255n

/** The eight points of small order. */
export const smallOrderKeys: Uint8Array[] = ED25519_TORSION_SUBGROUP.map(hex => bytesOf(BigInt(`0x${reverse(hex)}`)))

/** The other ways to spell points of small order: y not reduced, or a sign bit on x = 0. */
export const smallOrderSpellings: Uint8Array[] = [
  prime,
  prime + signBit,
  prime + 1n,
  prime + 1n + signBit,
  1n + signBit,
  prime - 1n + signBit,
].map(bytesOf)

/** Every key whose y is not reduced, of whatever order. */
export const unreducedKeys: Uint8Array[] = Array.from({ length: 19 }, (_, more) => prime + BigInt(more)).flatMap(y => [
  bytesOf(y),
  bytesOf(y + signBit),
])

/** All of them, and what is not 32 bytes or empty of content. */
export const unfitKeys: Uint8Array[] = [
  ...smallOrderKeys,
  ...smallOrderSpellings,
  ...unreducedKeys,
  new Uint8Array(32),
  new Uint8Array(32).fill(255),
]

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(reverse(value.toString(16).padStart(64, '0')), 'hex'))
}

function reverse(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex')
}
