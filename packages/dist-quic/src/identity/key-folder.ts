/** The keys of a node that does not run: its own, those that it has pinned, those that are revoked. */
import { join } from 'node:path'
import { type Clock, type Disk, type Entropy, type Log, type NodeName, silentLog } from '@barrel-actors/runtime'
import { IdentityKeeper, type Rotation } from './identity.ts'
import { createTrust, type Trust } from './trust.ts'
import { openTrustStore } from './trust-store.ts'

export interface KeyFolder {
  /** The node's own key, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  readonly trust: Trust
  /**
   * A new key, which the old one signs. Rejects with E_FILE_UNWRITABLE.
   */
  rotate(): Promise<Rotation>
}

/**
 * Opens the data folder of a node. Nothing may run on it: a node that runs does not see what is changed.
 * @throws what loading keys and pins throws
 */
export async function openKeyFolder(
  node: NodeName,
  dataDir: string,
  { disk, clock, entropy, log = silentLog }: KeyFolderSeams,
): Promise<KeyFolder> {
  const keyDir = join(dataDir, 'keys')
  const certDir = join(dataDir, 'quic')
  const identity = await IdentityKeeper.load({ node, keyDir, certDir, disk, entropy, clock, log })
  const store = await openTrustStore(disk, clock, keyDir, log)
  return {
    get publicKey() {
      return Uint8Array.from(identity.current.keys.publicKey)
    },
    get fingerprint() {
      return identity.current.keys.fingerprint
    },
    trust: createTrust(store, () => {}),
    rotate: () => identity.rotateIdentity(),
  }
}

export interface KeyFolderSeams {
  readonly disk: Disk
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log?: Log
}
