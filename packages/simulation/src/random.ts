/**
 * Chance from a seed: xoshiro128** by Blackman and Vigna, its state drawn by SplitMix64 from the seed, or from the
 * FNV-1a hash of a text. Streams of different texts are independent, so that a node's draws do not shift another's.
 *
 * Sources: https://prng.di.unimi.it/xoshiro128starstar.c, https://prng.di.unimi.it/splitmix64.c
 */

import type { Entropy, Random } from '@barrel-actors/runtime'

/** A whole number, or a text that names a stream. */
export type Seed = number | string

export type XoshiroState = readonly [number, number, number, number]

/** The same seed gives the same numbers. */
export function seededRandom(seed: Seed): Random {
  const next = xoshiro128(stateOf(seed))
  return { next: () => next() / 2 ** 32 }
}

/** Bytes from a seed: for keys and nonces in simulation, and nowhere else, since anyone can draw them again. */
export function seededEntropy(seed: Seed): Entropy {
  const next = xoshiro128(stateOf(seed))
  return { bytes: length => Uint8Array.from({ length }, () => next() >>> 24) }
}

/** Draws whole numbers below 2 ** 32. The state must not be all zeros. */
export function xoshiro128(state: XoshiroState): () => number {
  let [a, b, c, d] = state
  return () => {
    const drawn = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return drawn
  }
}

/** Draws whole numbers below 2n ** 64n. */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
    let mixed = state
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n)
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn)
    return mixed ^ (mixed >> 31n)
  }
}

/** FNV-1a with 64 bits, over UTF-8. */
export function hash64(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash
}

function stateOf(seed: Seed): XoshiroState {
  const next = splitMix64(typeof seed === 'string' ? hash64(seed) : BigInt.asUintN(64, BigInt(seed)))
  const [low, high] = [next(), next()]
  return [Number(low & 0xffffffffn), Number(low >> 32n), Number(high & 0xffffffffn), Number(high >> 32n)]
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
