/** One run: nodes join, cycles pass, broadcasts are measured, nodes die, and what is left heals. */
import { hyparviewDefaults, type OverlayOptions, profiles } from '@barrel-actors/membership'
import { seededRandom } from '@barrel-actors/simulation'
import type { OverlayArguments } from './arguments.ts'
import { broadcastMany, type Measured, mean } from './broadcasts.ts'
import {
  clusteringCoefficient,
  componentsOf,
  degreeHistogram,
  graphOf,
  largestViews,
  oneSidedLinks,
  pathsOf,
} from './graph.ts'
import { latencyOf } from './latency.ts'
import { OverlayNetwork, type OverlayNode } from './network.ts'

/** Is told each figure as it is known. */
export type Report = (figure: string, value: unknown) => void

/** Time is free here: so long that a thousand broadcasts fit between two shuffles. */
const cycleMs = 1_000_000
/** As many cycles as the default has. */
const passiveAgeMsMax = 30 * cycleMs
/** Between two joins, so that a walk ends before the next begins. */
const joinEveryMs = 10
/** Between two broadcasts, which overlap as in real use: one announcement is for many of them. */
const broadcastEveryMs = 20
const pathSources = 200
const healCyclesMax = 100
const healBroadcasts = 10

export function runOverlay(given: OverlayArguments, report: Report): void {
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const network = new OverlayNetwork(seededRandom(`overlay ${given.seed}`), latencyOf(modelOf(given), given.seed))
  joinAll(network, given)
  const joined = graphOf(network.nodes)
  report('componentsAfterJoin', componentsOf(joined))
  report('oneSidedLinksAfterJoin', oneSidedLinks(joined))
  report('largestViewsAfterJoin', largestViews(network.nodes))
  const rmrByCycle = passCycles(network, given)
  report('rmrByCycle', rmrByCycle)
  reportGraph(network, report)
  const before = measure(network, given, given.fail > 0 ? healBroadcasts : given.broadcasts)
  reportBroadcasts(before, given, report)
  if (given.fail > 0) failAndHeal(network, given, reliabilityOf(before), report)
  if (given.split > 0) splitAndHeal(network, given, report)
  if (given.idle > 0) report('idleTrafficPerNode', idleTraffic(network, given.idle))
  const { user, system } = process.cpuUsage(cpuBefore)
  report('cpuSeconds', (user + system) / 1_000_000)
  report('realSeconds', (performance.now() - startMs) / 1_000)
  report('peakBytes', process.resourceUsage().maxRSS * 1_024)
}

function modelOf({ paper, latency }: OverlayArguments): OverlayArguments['latency'] {
  return paper ? 'constant' : latency
}

function optionsOf({ paper, members, latency }: OverlayArguments): OverlayOptions {
  // The papers have no swaps, each of which moves a branch of the tree.
  const hyparview = { shuffleIntervalMs: cycleMs, passiveAgeMsMax, ...(paper && { swapCycles: 0 }) }
  const plumtree = paper ? { lazyTickMs: 0, optimizationRounds: 0 } : latency === 'wan' ? profiles.wan.plumtree : {}
  return { hyparview, plumtree, detector: members && {} }
}

function joinAll(network: OverlayNetwork, given: OverlayArguments): void {
  const names = Array.from({ length: given.nodes }, (_, at) => `n${at}@sim`)
  names.forEach((name, at) => {
    const contact = given.join === 'single' ? names[0] : names[Math.floor(network.random.next() * at)]
    const isFirst = at === 0 || contact === undefined
    const node = network.start(name, { ...optionsOf(given), seeds: isFirst ? [] : [contact] })
    if (!isFirst) node.overlay.join(contact)
    if (given.join !== 'parallel') network.run(joinEveryMs)
  })
  network.run(cycleMs)
}

/** A broadcast at the start of each cycle, which forms the tree as it goes. */
function passCycles(network: OverlayNetwork, given: OverlayArguments): number[] {
  const redundancies: number[] = []
  for (let cycle = 0; cycle < given.cycles; cycle++) {
    const endMs = network.nowMs + cycleMs
    const { outcomes } = measure(network, given, 1)
    redundancies.push(...outcomes.map(({ redundancy }) => rounded(redundancy)))
    network.run(endMs - network.nowMs)
  }
  return redundancies
}

function reportGraph(network: OverlayNetwork, report: Report): void {
  const graph = graphOf(network.living)
  const { averageShortestPath, floodMaxHops } = pathsOf(graph, pathSources)
  report('averageShortestPath', rounded(averageShortestPath))
  report('clusteringCoefficient', clusteringCoefficient(graph))
  report('degreeHistogram', degreeHistogram(graph))
  report('components', componentsOf(graph))
  report('oneSidedLinks', oneSidedLinks(graph))
  report('floodMaxHops', floodMaxHops)
}

function measure(network: OverlayNetwork, { paper }: OverlayArguments, count: number): Measured {
  return broadcastMany(network, count, paper ? 'one at a time' : broadcastEveryMs)
}

function reportBroadcasts(measured: Measured, given: OverlayArguments, report: Report): void {
  const { outcomes, controlPerBroadcast } = measured
  report('meanReliability', reliabilityOf(measured))
  report('payloadPerBroadcast', mean(outcomes.map(({ payloads }) => payloads)))
  report('controlPerBroadcast', controlPerBroadcast)
  const redundancies = outcomes.map(({ redundancy }) => redundancy)
  report('redundancy', mean(redundancies))
  // The first ones prune the links that the last cycle brought.
  report('redundancyOnceFormed', mean(redundancies.slice(redundancies.length >> 1)))
  const model = modelOf(given)
  report('lastDeliveryHop', { model, mean: mean(outcomes.map(({ lastDeliveryHop }) => lastDeliveryHop)) })
  report('lastDeliveryMs', { model, mean: mean(outcomes.map(({ lastDeliveryMs }) => lastDeliveryMs)) })
}

function failAndHeal(network: OverlayNetwork, given: OverlayArguments, wanted: number, report: Report): void {
  kill(network, given.fail)
  const measured = measure(network, given, given.broadcasts)
  report('meanReliabilityAfterFailure', reliabilityOf(measured))
  report(
    'kthReliability',
    measured.outcomes.slice(0, 20).map(({ reliability }) => rounded(reliability)),
  )
  let cycles = 0
  while (cycles < healCyclesMax && reliabilityOf(measure(network, given, healBroadcasts)) < wanted) {
    network.run(cycleMs)
    cycles++
  }
  report('healingCycles', cycles)
  const graph = graphOf(network.living)
  report('componentsAfterFailure', componentsOf(graph))
  report('oneSidedLinksAfterFailure', oneSidedLinks(graph))
}

function reliabilityOf({ outcomes }: Measured): number {
  return mean(outcomes.map(({ reliability }) => reliability))
}

function kill(network: OverlayNetwork, percent: number): void {
  const left = [...network.nodes]
  const dead: OverlayNode[] = []
  while (dead.length < (network.nodes.length * percent) / 100) {
    const at = Math.floor(network.random.next() * left.length)
    dead.push(left[at] as OverlayNode)
    left[at] = left[left.length - 1] as OverlayNode
    left.pop()
  }
  network.kill(dead)
}

function splitAndHeal(network: OverlayNetwork, given: OverlayArguments, report: Report): void {
  network.split(({ number }) => number % 2)
  network.run(given.split * 60_000)
  report('componentsInSplit', componentsOf(graphOf(network.living)))
  network.heal()
  let cycles = 0
  while (cycles < healCyclesMax && componentsOf(graphOf(network.living)).length > 1) {
    network.run(cycleMs)
    cycles++
  }
  report('splitHealingCycles', cycles)
}

/** Messages that a node sends in a second: those of the views where a cycle is as long as by default. */
function idleTraffic(network: OverlayNetwork, cycles: number): { readonly views: number; readonly detector: number } {
  const { messages, detector } = network.traffic
  network.run(cycles * cycleMs)
  const { traffic, living } = network
  const cyclesMs = cycles * hyparviewDefaults.shuffleIntervalMs
  return {
    views: rounded(((traffic.messages - messages) / living.length / cyclesMs) * 1_000),
    detector: rounded(((traffic.detector - detector) / living.length / (cycles * cycleMs)) * 1_000),
  }
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
