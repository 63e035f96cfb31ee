import { systemDisk } from '@barrel-actors/runtime'
import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { smallOrderKeys, smallOrderSpellings, unreducedKeys } from '../../test/weak-keys.ts'
import { checkPublicKey, fingerprintOf, loadOrCreateKeys, parseFingerprint, verifySignature } from './keys.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const seed = bytes(32).filter(candidate => candidate.some(byte => byte !== 0))
const keysOf = (secret: Uint8Array) => loadOrCreateKeys(systemDisk, { bytes: () => secret }, undefined)

test('node:crypto and noble make the same keys and the same signatures', async () => {
  await fc.assert(
    fc.asyncProperty(seed, fc.uint8Array({ maxLength: 200 }), async (secret, message) => {
      const keys = await keysOf(secret)
      const signature = keys.sign(message)
      expect(keys.publicKey).toEqual(ed25519.getPublicKey(secret))
      expect(signature).toEqual(ed25519.sign(message, secret))
      expect(ed25519.verify(signature, message, keys.publicKey, { zip215: false })).toBe(true)
      expect(verifySignature(keys.publicKey, message, signature)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('every key that is made passes the check', async () => {
  await fc.assert(
    fc.asyncProperty(seed, async secret => {
      expect(checkPublicKey((await keysOf(secret)).publicKey)).toBeUndefined()
    }),
  )
})

test('a signature fits no other message and no changed signature fits', async () => {
  await fc.assert(
    fc.asyncProperty(seed, bytes(40), fc.nat(39), fc.nat(63), fc.nat(7), async (secret, message, at, where, bit) => {
      const keys = await keysOf(secret)
      const signature = keys.sign(message)
      const otherMessage = flip(message, at, bit)
      expect(verifySignature(keys.publicKey, otherMessage, signature)).toBe(false)
      expect(verifySignature(keys.publicKey, message, flip(signature, where, bit))).toBe(false)
    }),
  )
})

test('bytes of any length as a key are answered, never thrown at, and weak ones are never let in', async () => {
  const good = (await keysOf(Buffer.alloc(32, 1))).publicKey
  const weak = [...smallOrderKeys, ...smallOrderSpellings, ...unreducedKeys]
  const keys = fc.oneof(changed([good, ...weak]), fc.constantFrom(...weak), bytes(32), fc.uint8Array({ maxLength: 80 }))
  return fuzz('public keys', keys, key => {
    if (checkPublicKey(key) !== undefined) return 'refused'
    expect(key).toHaveLength(32)
    expect(weak.some(other => Buffer.from(other).equals(key))).toBe(false)
    return 'accepted'
  })
})

test('bytes of any length as a signature are answered, and only the one that the key made is good', async () => {
  const pair = await keysOf(Buffer.alloc(32, 1))
  const message = Buffer.from('a message')
  const signature = pair.sign(message)
  const signatures = fc.oneof(changed([signature]), bytes(64), fc.uint8Array({ maxLength: 80 }))
  return fuzz('signatures', signatures, given => {
    if (!verifySignature(pair.publicKey, message, given)) return 'refused'
    expect(Buffer.from(signature).equals(given)).toBe(true)
    return 'accepted'
  })
})

test('whatever text comes as a fingerprint is one in our form, or none', () => {
  const written = fingerprintOf(Buffer.alloc(32, 7))
  const text = fc.oneof(
    changed([Buffer.from(written), Buffer.from(written.toUpperCase().replaceAll(':', ' '))]),
    fc.uint8Array({ maxLength: 90 }).map(given => Buffer.from(given)),
  )
  return fuzz('fingerprints', text, given => {
    const parsed = parseFingerprint(given.toString('latin1'))
    if (parsed === undefined) return 'refused'
    expect(parsed).toMatch(/^([0-9a-f]{4}:){15}[0-9a-f]{4}$/)
    return 'accepted'
  })
})

function flip(source: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = Uint8Array.from(source)
  changed[at] = (changed[at] as number) ^ (1 << bit)
  return changed
}
