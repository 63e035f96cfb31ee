/** Figures of the graph that the active views of the living nodes make. */
import type { OverlayNode } from './network.ts'

/** The neighbours of each node, by number in the list. */
export type Graph = readonly (readonly number[])[]

export function graphOf(nodes: readonly OverlayNode[]): Graph {
  const places = new Map(nodes.map(({ name }, at) => [name, at]))
  return nodes.map(({ overlay }) =>
    [...overlay.views.active.keys()].flatMap(name => {
      const at = places.get(name)
      return at === undefined ? [] : [at]
    }),
  )
}

/** Hops from one node to each; -1 where there is no way. */
export function hopsFrom(graph: Graph, start: number): Int32Array {
  const hops = new Int32Array(graph.length).fill(-1)
  const reached = [start]
  hops[start] = 0
  for (const at of reached) {
    for (const next of graph[at] ?? []) {
      if (hops[next] !== -1) continue
      hops[next] = (hops[at] as number) + 1
      reached.push(next)
    }
  }
  return hops
}

/** The sizes of the parts that no link joins, the largest first. Links count from either end. */
export function componentsOf(graph: Graph): number[] {
  const both: number[][] = graph.map(next => [...next])
  graph.forEach((next, at) => {
    for (const other of next) both[other]?.push(at)
  })
  const seen = new Uint8Array(graph.length)
  const sizes: number[] = []
  for (let at = 0; at < graph.length; at++) {
    if (seen[at] === 1) continue
    const part = [at]
    seen[at] = 1
    for (const member of part) {
      for (const next of both[member] ?? []) {
        if (seen[next] === 1) continue
        seen[next] = 1
        part.push(next)
      }
    }
    sizes.push(part.length)
  }
  return sizes.sort((a, b) => b - a)
}

/** Links that only one end holds. */
export function oneSidedLinks(graph: Graph): number {
  const sets = graph.map(next => new Set(next))
  return graph.reduce((sum, next, at) => sum + next.filter(other => sets[other]?.has(at) !== true).length, 0)
}

/** The sizes of the fullest views. */
export function largestViews(nodes: readonly OverlayNode[]): Record<'active' | 'passive' | 'pending', number> {
  const largest = { active: 0, passive: 0, pending: 0 }
  for (const { overlay } of nodes) {
    const { active, passive, pending } = overlay.views
    largest.active = Math.max(largest.active, active.size)
    largest.passive = Math.max(largest.passive, passive.size)
    largest.pending = Math.max(largest.pending, pending.size)
  }
  return largest
}

/** How many nodes have so many neighbours. */
export function degreeHistogram(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { length } of graph) counts[length] = (counts[length] ?? 0) + 1
  return counts
}

/** The mean, over nodes, of the share of pairs of neighbours that are neighbours themselves. */
export function clusteringCoefficient(graph: Graph): number {
  const sets = graph.map(next => new Set(next))
  let sum = 0
  for (const next of graph) {
    const pairs = (next.length * (next.length - 1)) / 2
    if (pairs === 0) continue
    let linked = 0
    for (let one = 0; one < next.length; one++)
      for (let other = one + 1; other < next.length; other++)
        if (sets[next[one] as number]?.has(next[other] as number) === true) linked++
    sum += linked / pairs
  }
  return graph.length === 0 ? 0 : sum / graph.length
}

export interface Paths {
  readonly averageShortestPath: number
  /** Hops of a flood until everybody has it, the most of all sources. */
  readonly floodMaxHops: number
}

/** Over so many sources, spread evenly, or all nodes where there are fewer. */
export function pathsOf(graph: Graph, sourcesMax: number): Paths {
  const sources = Math.min(sourcesMax, graph.length)
  let [sum, count, longest] = [0, 0, 0]
  for (let source = 0; source < sources; source++) {
    for (const hops of hopsFrom(graph, Math.floor((source * graph.length) / sources))) {
      if (hops <= 0) continue
      sum += hops
      count++
      if (hops > longest) longest = hops
    }
  }
  return { averageShortestPath: count === 0 ? 0 : sum / count, floodMaxHops: longest }
}
