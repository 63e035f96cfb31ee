import type { Clock, Entropy, Host, Log, NodeLife } from '@barrel-actors/runtime'
import type { Certificate } from '../identity/certificate.ts'
import type { KeyPair } from '../identity/keys.ts'
import type { TrustStore } from '../identity/trust-store.ts'
import type { ResolvedOptions } from '../options.ts'

/** What every session and channel of one carrier shares. */
export interface CarrierContext {
  readonly host: Host
  readonly self: NodeLife
  readonly options: ResolvedOptions
  readonly keys: KeyPair
  readonly certificate: Certificate
  readonly trustStore: TrustStore
  readonly fingerprintOf: (publicKey: Uint8Array) => string
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log: Log
}
