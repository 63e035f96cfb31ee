/** Through these keys an object reaches what is shared. msgpackr reads the first as the second. */
const refusedKeys = new Set(['__proto__', '__proto_', 'constructor', 'prototype'])
const refusedKeyLengthMin = 8

export function isRefusedKey(key: string): boolean {
  return key.length >= refusedKeyLengthMin && refusedKeys.has(key)
}
