/** Who this node is at the moment: its key, how its older keys led to it, and the certificate that it shows. */
import type { Clock, Disk, Entropy, Log, NodeName } from '@barrel-actors/runtime'
import { problemOf } from '../errors.ts'
import { type Certificate, loadOrCreateCertificate, makeCertificate, writeCertificate } from './certificate.ts'
import { fingerprintOfHash, type KeyPair, keyBytes, keyFilesOf, keyPairOf, loadOrCreateKeys } from './keys.ts'
import { backUp, finishJournal, writeJournal } from './rotation.ts'
import { type Succession, succeed } from './succession.ts'
import { encodeSuccession, loadSuccession, successionPathOf } from './succession-file.ts'

/** What a session takes once, when its connection begins, and keeps to its end. */
export interface Identity {
  readonly keys: KeyPair
  readonly succession: Succession
  readonly certificate: Certificate
}

/** What came of a rotation. */
export interface Rotation {
  /** The fingerprint of the new key, or of the new certificate. */
  readonly fingerprint: string
  /** The folder with copies of what was replaced; undefined where nothing was on disk. */
  readonly backup: string | undefined
  /** Whether new connections show it only after a restart. */
  readonly restartRequired: boolean
}

export interface IdentityOptions {
  readonly node: NodeName
  readonly keyDir: string | undefined
  readonly certDir: string | undefined
  readonly disk: Disk
  readonly entropy: Entropy
  readonly clock: Clock
  readonly log: Log
}

export class IdentityKeeper {
  readonly #options: IdentityOptions
  #current: Identity
  #useCertificate: ((certificate: Certificate) => void) | undefined
  /** Rotations, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  /** @throws what loading keys, certificate and succession throws */
  static async load(options: IdentityOptions): Promise<IdentityKeeper> {
    const { node, keyDir, certDir, disk, entropy, clock, log } = options
    if (keyDir !== undefined) await finishJournal(disk, keyDir)
    const keys = await loadOrCreateKeys(disk, entropy, keyDir)
    const succession = keyDir === undefined ? [] : await loadSuccession(disk, keyDir, node, keys.publicKey, log)
    const certificate = await loadOrCreateCertificate(disk, entropy, clock, certDir, log)
    return new IdentityKeeper(options, { keys, succession, certificate })
  }

  private constructor(options: IdentityOptions, current: Identity) {
    this.#options = options
    this.#current = current
  }

  get current(): Identity {
    return this.#current
  }

  /** Who makes new connections show a new certificate. Must not keep the old one for any connection begun later. */
  onCertificate(use: (certificate: Certificate) => void): void {
    this.#useCertificate = use
  }

  /**
   * Makes a new certificate, which connections show that begin later. No peer has to know.
   * @throws E_FILE_UNWRITABLE; everything is as before then
   */
  rotateCert(): Promise<Rotation> {
    return this.#queued(async () => {
      const { disk, entropy, clock, certDir, log } = this.#options
      const certificate = await makeCertificate(entropy, clock)
      const backup = certDir === undefined ? undefined : await backUp(this.#options, certDir, ['node.pem'])
      if (certDir !== undefined) await writeCertificate(disk, certDir, certificate)
      const fingerprint = fingerprintOfHash(certificate.hash)
      const use = this.#useCertificate
      // In one turn with what the connections show: a session must sign the hash of what its connection shows.
      use?.(certificate)
      if (use !== undefined) this.#current = { ...this.#current, certificate }
      log.info('certificate rotated', { fingerprint, backup })
      return { fingerprint, backup, restartRequired: use === undefined }
    })
  }

  /**
   * Makes a new key, which the old one signs, so that peers which have pinned the old one follow. Handshakes that
   * begin later show it; channels that are up stay up. After a crash the node has the old key or the new one.
   * @throws E_FILE_UNWRITABLE; everything is as before then
   */
  rotateIdentity(): Promise<Rotation> {
    return this.#queued(async () => {
      const { node, keyDir, disk, entropy, log } = this.#options
      const { keys: old, succession: before } = this.#current
      const seed = entropy.bytes(keyBytes)
      const keys = keyPairOf(seed)
      const succession = succeed(node, before, old, keys.publicKey)
      const backup = keyDir === undefined ? undefined : await backUp(this.#options, keyDir, keyFileNames)
      if (keyDir !== undefined) await writeJournal(disk, keyDir, seed, encodeSuccession(node, succession))
      this.#current = { ...this.#current, keys, succession }
      log.warn('identity rotated', { from: old.fingerprint, to: keys.fingerprint, backup })
      if (keyDir !== undefined) await this.#finish(keyDir)
      return { fingerprint: keys.fingerprint, backup, restartRequired: false }
    })
  }

  // The journal is on disk, so the new key is the node's: that its files are not there yet is for the next start.
  async #finish(keyDir: string): Promise<void> {
    try {
      await finishJournal(this.#options.disk, keyDir)
    } catch (error) {
      this.#options.log.error('identity rotated; the next start writes its files', { problem: problemOf(error) })
    }
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => undefined)
    return done
  }
}

const keyFileNames = [keyFilesOf('').secret, keyFilesOf('').open, successionPathOf('')]
