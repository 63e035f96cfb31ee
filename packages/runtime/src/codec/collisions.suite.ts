/** Keys that share one bucket of a table of V8, made by running its hashes backwards. */

const mask64 = (1n << 64n) - 1n

/** The inverse of an odd number, modulo 2^64. */
function inverse(odd: bigint): bigint {
  let found = 1n
  for (let round = 0; round < 7; round++) found = (found * (2n - odd * found)) & mask64
  return found & mask64
}

function unshift(hash: bigint, bits: bigint): bigint {
  let found = hash
  for (let shifted = bits; shifted < 64n; shifted += bits) found = hash ^ (found >> bits)
  return found & mask64
}

/** The 64 bits whose `ComputeLongHash` is that. */
function before64(hash: bigint): bigint {
  let key = (unshift(hash, 22n) * inverse(65n)) & mask64
  key = (unshift(key, 11n) * inverse(21n)) & mask64
  key = unshift(key, 31n)
  return ((key + 1n) * inverse((1n << 18n) - 1n)) & mask64
}

/** The 32 bits whose `ComputeUnseededHash` is that. */
function before32(hash: number): number {
  const times = (value: number, odd: bigint) => Math.imul(value, Number(BigInt.asIntN(32, inverse(odd))))
  let key = hash ^ (hash >>> 16)
  key = times(key, 2057n)
  for (let shifted = 4, found = key; shifted < 32; shifted += 4) {
    found = key ^ (found >>> 4)
    if (shifted + 4 >= 32) key = found
  }
  key = times(key, 5n)
  key = key ^ ((key ^ (key >>> 12)) >>> 12)
  return times((key + 1) | 0, (1n << 15n) - 1n)
}

/** In a table of up to 65,536 entries. */
const bucketMask = 0x7fff
const bucket = 7

export function collidingNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, place) => before32(bucket | (place << 15)))
}

export function collidingDoubles(count: number): number[] {
  const bits = new BigUint64Array(1)
  const double = new Float64Array(bits.buffer)
  const found: number[] = []
  for (let place = 0n; found.length < count; place++) {
    bits[0] = before64(BigInt(bucket) | (place << 30n))
    const key = double[0] as number
    if (Number.isFinite(key) && !Number.isInteger(key)) found.push(key)
  }
  return found
}

/** Their lowest 64 bits are all that is hashed. */
export function collidingBigints(count: number): bigint[] {
  const low = before64(BigInt(bucket))
  return Array.from({ length: count }, (_, place) => (BigInt(place + 1) << 64n) | low)
}

/** Texts that are array indices: older versions of V8 take the number itself. */
export function collidingIndices(count: number): string[] {
  return Array.from({ length: count }, (_, place) => String((bucketMask + 1) * (place + 1) + bucket)).filter(
    text => text.length <= 10,
  )
}
