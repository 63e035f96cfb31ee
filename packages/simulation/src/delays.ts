/** How long packets are under way: makers of what `delayMs` takes. */

import type { Random } from '@barrel-actors/runtime'

/** How long one packet is under way: a number of milliseconds, or a function that draws one for each packet. */
export type Delay = number | ((random: Random) => number)

/** Always the same. */
export function constantDelay(ms: number): Delay {
  return checked('ms', ms)
}

/** Anything from `minMs` to `maxMs`, each as likely. */
export function uniformDelay(minMs: number, maxMs: number): Delay {
  checked('minMs', minMs)
  checked('maxMs', maxMs - minMs)
  return random => minMs + random.next() * (maxMs - minMs)
}

/** At least `minMs`, and on top of it mostly little and seldom much: `meanMs` in the mean. */
export function exponentialDelay(meanMs: number, minMs = 0): Delay {
  checked('meanMs', meanMs)
  checked('minMs', minMs)
  return random => minMs - Math.log(1 - random.next()) * meanMs
}

/** What is measured on real networks: half of all take less than `medianMs`, and the greater `spread`, the longer the tail. */
export function lognormalDelay(medianMs: number, spread = 0.5): Delay {
  checked('medianMs', medianMs)
  checked('spread', spread)
  return random => medianMs * Math.exp(spread * normal(random))
}

export function drawDelay(delay: Delay, random: Random): number {
  return typeof delay === 'number' ? delay : delay(random)
}

// Box and Muller.
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

function checked(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw new RangeError(`${name} is ${value}: a delay is a finite number of milliseconds, and not negative`)
}
