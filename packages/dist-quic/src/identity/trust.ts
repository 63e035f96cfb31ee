/** What an operator does with the pinned and the revoked keys of a running node: `node.extension(Quic).trust`. */
import type { NodeName } from '@barrel-actors/runtime'
import { parseFingerprint } from './keys.ts'
import type { PinnedKey } from './pin-file.ts'
import type { RevokedKey } from './revoked-keys.ts'
import type { Revoked, TrustStore } from './trust-store.ts'

export interface Trust {
  /** Every pinned key, by name. */
  list(): PinnedKey[]
  /** The names that a key is pinned for; case and separators of the fingerprint do not matter. */
  find(fingerprint: string): NodeName[]
  /**
   * Pins a key of 32 bytes, given as such or in base64, in place of whatever is pinned for the name. On disk when it
   * resolves; channels that are up stay up.
   * @throws E_NODE_NAME_INVALID, E_PEER_KEY_INVALID, E_PEER_KEY_REVOKED, E_TRUST_STORE_FULL, E_FILE_UNWRITABLE
   */
  pin(name: NodeName, key: Uint8Array | string): Promise<void>
  /**
   * Gives a name up: in tofu mode the next key that comes with it is pinned. Whether there was a pin.
   * @throws E_FILE_UNWRITABLE; the pin stays then
   */
  forget(name: NodeName): Promise<boolean>
  /**
   * Refuses a key for ever, in both modes, and closes every channel of it. The pins stay, so that nobody else takes
   * the names: `pin` the new key of such a node, or `forget` its name.
   * @throws E_TRUST_NOT_FOUND, E_REVOCATIONS_FULL, E_FILE_UNWRITABLE
   */
  revoke(nameOrFingerprint: string): Promise<Revoked>
  /** Every revoked key, oldest first. */
  revoked(): RevokedKey[]
}

/** `closeChannels` closes every channel whose peer has shown the key with that fingerprint. */
export function createTrust(store: TrustStore, closeChannels: (fingerprint: string) => void): Trust {
  return {
    list: store.list,
    find: store.findByFingerprint,
    pin: (name, key) => store.replace(name, typeof key === 'string' ? keyFromText(key) : key, 'operator'),
    forget: store.forget,
    async revoke(nameOrFingerprint) {
      const fingerprint = store.fingerprintOf(nameOrFingerprint) ?? parseFingerprint(nameOrFingerprint)
      const revoking = store.revoke(nameOrFingerprint)
      // Refused from here on, whether or not the disk takes it: what is up with that key must not stay up.
      if (fingerprint !== undefined && store.revoked().some(key => key.fingerprint === fingerprint))
        closeChannels(fingerprint)
      return revoking
    },
    revoked: store.revoked,
  }
}

// What is no base64 of 32 bytes comes out with another length, which the store refuses.
function keyFromText(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text.trim() ? Uint8Array.from(bytes) : new Uint8Array(0)
}
