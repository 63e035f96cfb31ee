/** How rates and round trips are measured: by every arm that runs on Node, in the same way. */

import { setImmediate as nextTurn } from 'node:timers/promises'

const warmUpMs = 600
const measuredMs = 1_500

/**
 * How many steps fit into a second, after a warm-up. `finish` waits for what the steps have left on its way, so
 * that no work is counted before it is done.
 */
export async function stepsPerSecond(
  step: () => void | Promise<void>,
  finish: () => Promise<void> = async () => {},
): Promise<number> {
  await repeat(step, warmUpMs)
  await finish()
  collectGarbage()
  const startMs = performance.now()
  const steps = await repeat(step, measuredMs)
  await finish()
  return (steps * 1_000) / (performance.now() - startMs)
}

/** How many calls a second end, of many callers at once that each wait for their own before they call again. */
export async function callsPerSecond(callers: readonly (() => Promise<unknown>)[]): Promise<number> {
  const callFor = (forMs: number) => Promise.all(callers.map(call => repeat(() => call().then(() => {}), forMs)))
  await callFor(warmUpMs)
  collectGarbage()
  const startMs = performance.now()
  const calls = await callFor(measuredMs)
  return (calls.reduce((sum, count) => sum + count, 0) * 1_000) / (performance.now() - startMs)
}

async function repeat(step: () => void | Promise<void>, forMs: number): Promise<number> {
  const startMs = performance.now()
  let steps = 0
  while (performance.now() - startMs < forMs) {
    await step()
    steps++
  }
  return steps
}

const warmUpCalls = 2_000
const measuredCalls = 20_000

/** How many round trips go before those that are timed, and how many are. */
export interface RoundTrips {
  readonly before: number
  readonly measured: number
  /** Where they are slow, fewer are timed: a hundred, and those that begin in this time. */
  readonly forMs?: number
}

const measuredCallsMin = 100

/** The time in milliseconds within which that share of the round trips of one caller ended: 0.5 is the median. */
export async function roundTripMs(
  share: number,
  call: () => Promise<unknown>,
  { before, measured, forMs = Number.POSITIVE_INFINITY }: RoundTrips = { before: warmUpCalls, measured: measuredCalls },
): Promise<number> {
  for (let calls = 0; calls < before; calls++) await call()
  const tripsMs = new Float64Array(measured)
  const endMs = performance.now() + forMs
  let calls = 0
  for (; calls < measured; calls++) {
    const startMs = performance.now()
    if (startMs > endMs && calls >= measuredCallsMin) break
    await call()
    tripsMs[calls] = performance.now() - startMs
  }
  return percentile(tripsMs.subarray(0, calls), share)
}

/** The smallest value that is not exceeded by that share of all values. */
export function percentile(values: Float64Array, share: number): number {
  const place = Math.max(0, Math.ceil(values.length * share) - 1)
  return values.toSorted()[place] as number
}

/** Bytes of the heap that each of `count` things costs which `make` leaves alive. */
export async function heapBytesEach(count: number, make: () => Promise<void>): Promise<number> {
  const before = await heapBytes()
  await make()
  return ((await heapBytes()) - before) / count
}

async function heapBytes(): Promise<number> {
  // Weak references and what finalizers hold need a turn of the loop between two collections.
  for (let passes = 0; passes < 3; passes++) {
    collectGarbage()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}

/** Bytes of resident memory that each of `count` things costs which `make` leaves alive: heap, native and all. */
export async function residentBytesEach(count: number, make: () => Promise<void>): Promise<number> {
  const before = await residentBytes()
  await make()
  return ((await residentBytes()) - before) / count
}

async function residentBytes(): Promise<number> {
  await heapBytes()
  return process.memoryUsage.rss()
}

/** So that what was made before is not collected while something is measured. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('An arm must be run with --expose-gc.')
  globalThis.gc()
}
