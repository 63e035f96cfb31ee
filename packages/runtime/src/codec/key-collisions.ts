/**
 * Finds keys of a `Map` or `Set` that were chosen to collide. V8 hashes numbers and bigints without a secret, and in
 * older versions texts that are array indices too, so anybody can choose 65,536 keys that share one bucket, and filling
 * the table takes seconds. The same hashes are computed here first; keys that crowd one bucket are refused.
 *
 * The functions are those of V8 (`ComputeUnseededHash`, `ComputeLongHash`). A version of V8 that hashes with a secret
 * needs none of this, and is not harmed by it.
 */

/** Tables with fewer entries are filled quickly, whatever the keys are. */
export const collidingEntriesMin = 128

/** Keys that nobody has chosen share a bucket with some ten others at most. */
const bucketKeysMax = 64

export class KeyCollisions {
  readonly #mask: number
  readonly #counts: Uint8Array

  /** For a table of that many entries. */
  constructor(entries: number) {
    // V8 doubles the table, and has a bucket for two entries.
    const buckets = 2 ** Math.max(1, Math.ceil(Math.log2(entries)) - 1)
    this.#mask = buckets - 1
    this.#counts = new Uint8Array(buckets)
  }

  /** Counts a key. Whether its bucket is crowded. */
  isCrowdedBy(key: unknown): boolean {
    const hash = hashOf(key)
    if (hash === undefined) return false
    const bucket = hash & this.#mask
    const keys = (this.#counts[bucket] as number) + 1
    this.#counts[bucket] = keys
    return keys > bucketKeysMax
  }
}

/** The hash that V8 takes of it without a secret; undefined where it has one. */
function hashOf(key: unknown): number | undefined {
  switch (typeof key) {
    case 'number':
      return (key | 0) === key ? hashOf32(key) : hashOfDouble(key)
    case 'bigint':
      // Of the lowest 64 bits of the magnitude only.
      return hashOf64(lowBits(abs(key) >> 32n), lowBits(abs(key)))
    case 'string':
      return isIndex(key) ? Number(key) : undefined
    default:
      return undefined
  }
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}

function lowBits(value: bigint): number {
  return Number(BigInt.asIntN(32, value))
}

const indexLengthMax = 10

function isIndex(text: string): boolean {
  return text.length <= indexLengthMax && /^[1-9]\d*$/.test(text)
}

const halves = new Int32Array(2)
const double = new Float64Array(halves.buffer)

function hashOfDouble(value: number): number {
  double[0] = value
  return hashOf64(halves[1] as number, halves[0] as number)
}

function hashOf32(key: number): number {
  let hash = (~key + (key << 15)) | 0
  hash ^= hash >>> 12
  hash = (hash + (hash << 2)) | 0
  hash ^= hash >>> 4
  hash = Math.imul(hash, 2057)
  return hash ^ (hash >>> 16)
}

/** The upper half of what `add` returned last. */
let high = 0

/** The lower half of the sum of two numbers of 64 bits. */
function add(highA: number, lowA: number, highB: number, lowB: number): number {
  const low = (lowA >>> 0) + (lowB >>> 0)
  high = (highA + highB + (low > 0xffffffff ? 1 : 0)) | 0
  return low | 0
}

/** x + x << bits. */
function addShifted(highX: number, lowX: number, bits: number): number {
  return add(highX, lowX, (highX << bits) | (lowX >>> (32 - bits)), lowX << bits)
}

function hashOf64(highKey: number, lowKey: number): number {
  let low = add(~highKey, ~lowKey, (highKey << 18) | (lowKey >>> 14), lowKey << 18)
  low ^= (high << 1) | (low >>> 31)
  high ^= high >>> 31
  // Times 21, which is 5 x and 16 x.
  const [highX, lowX] = [high, low]
  low = addShifted(highX, lowX, 2)
  low = add(high, low, (highX << 4) | (lowX >>> 28), lowX << 4)
  low ^= (high << 21) | (low >>> 11)
  high ^= high >>> 11
  low = addShifted(high, low, 6)
  return low ^ ((high << 10) | (low >>> 22))
}
