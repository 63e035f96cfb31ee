/** Makes the containers that few messages hold, out of values that were read, for either format. */
import type { MessageBounds } from './bounds.ts'
import { collidingEntriesMin, KeyCollisions } from './key-collisions.ts'
import { isLongKey } from './key-length.ts'
import { Malformed, OverBounds } from './refusals.ts'

/** @throws OverBounds */
export function makeSet(elements: readonly unknown[], bounds: MessageBounds): Set<unknown> {
  checkKeys(elements, 1, bounds)
  return new Set(elements)
}

/** Of keys and values in turn. @throws OverBounds */
export function makeMap(entries: readonly unknown[], bounds: MessageBounds): Map<unknown, unknown> {
  checkKeys(entries, 2, bounds)
  const map = new Map<unknown, unknown>()
  for (let place = 0; place < entries.length; place += 2) map.set(entries[place], entries[place + 1])
  return map
}

/** Looks at every key before the first one is hashed: at each first of so many values. */
function checkKeys(values: readonly unknown[], width: number, { entriesMax, keyBytesMax }: MessageBounds): void {
  const entries = values.length / width
  if (entries > entriesMax) throw new OverBounds(`a Map or Set of more than ${entriesMax} entries`)
  const collisions = entries < collidingEntriesMin ? undefined : new KeyCollisions(entries)
  for (let place = 0; place < values.length; place += width) {
    const key = values[place]
    if (typeof key === 'string' && isLongKey(key, keyBytesMax)) {
      throw new OverBounds(`a key of more than ${keyBytesMax} bytes`)
    }
    if (collisions?.isCrowdedBy(key) === true) throw new OverBounds('keys of a Map or Set that collide')
  }
}

/** Of name, message, stack, code and, where there is one, the cause. @throws Malformed */
export function makeError(values: readonly unknown[]): Error {
  const [name, message, stack, code, cause] = values
  if (typeof name !== 'string' || typeof message !== 'string') throw new Malformed('an error without a name')
  const error = withoutStack(() => new Error(message, values.length > 4 ? { cause } : undefined))
  error.name = name
  error.stack = typeof stack === 'string' ? stack : `${name}: ${message}`
  return typeof code === 'string' ? Object.assign(error, { code }) : error
}

// The stack of the reader says nothing, and takes longer to collect than anything else here.
function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
