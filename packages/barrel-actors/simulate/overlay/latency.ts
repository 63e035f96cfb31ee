/** How long a message is on its way between two nodes, in whole milliseconds: always the same for one way. */

export type Latency = (from: number, to: number) => number

export type LatencyModel = 'constant' | 'lan' | 'wan'

/** The models by name: how many milliseconds at least, and how many more at most. */
const models: Readonly<Record<LatencyModel, readonly [leastMs: number, spreadMs: number]>> = {
  constant: [1, 0],
  lan: [1, 4],
  wan: [10, 140],
}

export function isLatencyModel(name: string): name is LatencyModel {
  return Object.hasOwn(models, name)
}

export function latencyOf(model: LatencyModel, seed: number): Latency {
  const [leastMs, spreadMs] = models[model]
  if (spreadMs === 0) return () => leastMs
  return (from, to) => leastMs + (mixed(Math.min(from, to), Math.max(from, to), seed) % (spreadMs + 1))
}

// Three numbers to one, spread evenly: the finalizer of MurmurHash3.
function mixed(one: number, other: number, seed: number): number {
  let hash = Math.imul(one, 0x9e3779b1) ^ Math.imul(other, 0x85ebca6b) ^ seed
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
