import { randomFillSync } from 'node:crypto'

/** Chance for protocols and jitter. Never for a secret: that is what {@link Entropy} is for. */
export interface Random {
  /** At least 0, below 1. */
  next(): number
}

/** Secrets: keys, nonces, connection ids. Comes from the operating system outside simulation. */
export interface Entropy {
  /** That many fresh random bytes. */
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = { next: () => Math.random() }

export const systemEntropy: Entropy = { bytes: length => randomFillSync(new Uint8Array(length)) }
