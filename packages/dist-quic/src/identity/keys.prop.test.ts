import { systemDisk } from '@barrel-actors/runtime'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkPublicKey, loadOrCreateKeys, verifySignature } from './keys.ts'

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

test('bytes of any length as key or signature are answered, never thrown at', () => {
  const any = fc.uint8Array({ maxLength: 80 })
  fc.assert(
    fc.property(fc.oneof(any, bytes(32)), fc.oneof(any, bytes(64)), any, (key, signature, message) => {
      checkPublicKey(key)
      expect(typeof verifySignature(key, message, signature)).toBe('boolean')
    }),
  )
})

function flip(source: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = Uint8Array.from(source)
  changed[at] = (changed[at] as number) ^ (1 << bit)
  return changed
}
