/** Fields of fixed length out of the bytes that a peer sent. */

/** A number of 8 bytes, big-endian; undefined where it is 2^53 or more. */
export function readInteger(view: Buffer, at: number): number | undefined {
  const value = Number(view.readBigUInt64BE(at))
  return Number.isSafeInteger(value) ? value : undefined
}

/** Bytes that stay when the ones that came are overwritten. */
export function copyBytes(view: Buffer, at: number, length: number): Uint8Array {
  return Uint8Array.from(view.subarray(at, at + length))
}
