/** The guard of development: what has been sent is frozen, so that who changes it afterwards is told by a TypeError. */

/**
 * Freezes a message and every plain object and array in it. What is anything else (a map, bytes, an object of a
 * class) cannot be frozen as a whole and is left alone, with all that is in it.
 */
export function freezeMessage(message: unknown): void {
  const seen = new Set<object>()
  const left: unknown[] = [message]
  while (left.length > 0) {
    const value = left.pop()
    if (!isPlain(value) || seen.has(value)) continue
    seen.add(value)
    Object.freeze(value)
    for (const { value: inner } of Object.values(Object.getOwnPropertyDescriptors(value))) left.push(inner)
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value)
}
