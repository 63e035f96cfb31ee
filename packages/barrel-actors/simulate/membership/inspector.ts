/** Looks into every node after each thing that it has done: the views, what is asked for, what memory is taken. */

import { limits, Membership, type MembershipApi, type MembershipStats } from '@barrel-actors/membership'
import type { Node, NodeName } from '@barrel-actors/runtime'
import type { FaultPlan, World } from '@barrel-actors/simulation'
import type { Onlooker } from './onlooker.ts'
import type { Plan } from './plan.ts'

interface Looked {
  readonly node: Node
  steps: number
  cachedCount: number
  countedMs: number
  /** What was watched when it was looked at last. */
  sight: string
}

/** What one payload of the scenario takes at most, with its record. */
const payloadBytesMax = 1_024
const countMs = 1_000

export class Inspector {
  readonly #world: World
  readonly #onlooker: Onlooker
  readonly #plan: Plan
  readonly #looked = new Map<NodeName, Looked>()
  readonly #standstillMs: ReadonlyMap<NodeName, number>

  constructor(world: World, onlooker: Onlooker, plan: Plan) {
    this.#world = world
    this.#onlooker = onlooker
    this.#plan = plan
    this.#standstillMs = new Map(world.names.map(name => [name, standstillMs(name, world.faults)]))
    // What it finds is told by the invariants of the onlooker, which are checked next.
    world.invariant('M0 inspected', () => this.#look())
  }

  #look(): void {
    for (const node of this.#world.nodes) {
      const steps = this.#world.simulation.stepsOf(node)
      let looked = this.#looked.get(node.name)
      if (looked?.node === node && looked.steps === steps) continue
      if (looked?.node !== node) looked = { node, steps, cachedCount: 0, countedMs: 0, sight: '' }
      looked.steps = steps
      this.#looked.set(node.name, looked)
      this.#inspect(node, looked)
    }
  }

  #inspect(node: Node, looked: Looked): void {
    const api = node.extension(Membership)
    const stats = api.stats()
    this.#views(node, api)
    this.#pending(node, stats)
    this.#memory(node, stats)
    this.#watched(node, api, stats, looked)
    this.#points(stats, looked)
  }

  #views(node: Node, api: MembershipApi): void {
    const { activeViewMax, passiveViewMax, failedMax } = this.#plan.hyparview
    const views = {
      active: api.activeView(),
      passive: api.passiveView(),
      pending: api.pendingView(),
      failed: api.failedView(),
    }
    const max = { active: activeViewMax, passive: passiveViewMax, pending: limits.pendingMax, failed: failedMax }
    for (const [view, nodes] of Object.entries(views)) {
      const wrong = (problem: string) => this.#onlooker.broke('M1 views', `${view} of ${node.name}: ${problem}`)
      const bound = max[view as keyof typeof max]
      if (nodes.length > bound) wrong(`${nodes.length} are more than ${bound}`)
      if (nodes.includes(node.name)) wrong('it holds its own node')
      if (new Set(nodes).size !== nodes.length) wrong('it holds a node twice')
      if (this.#onlooker.isOut(node) && nodes.length > 0) wrong(`it has left, and holds ${nodes}`)
      if (nodes.length === bound) this.#world.reached(`${view} view: full`)
    }
    for (const view of ['passive', 'pending', 'failed'] as const) {
      const both = views[view].filter(other => views.active.includes(other))
      if (both.length > 0) this.#onlooker.broke('M1 views', `${view} of ${node.name}: ${both} are neighbours`)
    }
  }

  #pending(node: Node, { views }: MembershipStats): void {
    const boundMs = this.#late(node, this.#plan.hyparview.pendingMsMax)
    if (views.pendingOldestMs > boundMs) {
      const problem = `${node.name} waits for a link for ${views.pendingOldestMs} ms, at most ${boundMs}`
      this.#onlooker.broke('M2 links asked for end', problem)
    }
    if (views.pendingExpired > 0) this.#world.reached('a link asked for: never answered')
  }

  #memory(node: Node, { views, broadcasts, detector }: MembershipStats): void {
    const { sizes } = broadcasts
    const { hyparview, plumtree } = this.#plan
    const neighbours = sizes.eager + sizes.lazy
    const nodes = this.#world.names.length
    const atMost = (bound: number, what: string, size: number) => {
      if (size > bound) this.#onlooker.broke('M3 memory', `${what} of ${node.name}: ${size} are more than ${bound}`)
    }
    atMost(plumtree.cacheCountMax, 'cached payloads', sizes.cachedCount)
    atMost(Math.min(plumtree.cacheBytesMax, sizes.cachedCount * payloadBytesMax), 'cached bytes', sizes.cachedBytes)
    atMost(
      sizes.cachedBytes,
      'what the records of cached payloads take',
      sizes.cachedCount * limits.cachedOverheadBytes,
    )
    atMost(this.#late(node, plumtree.cacheAgeMs * 1.125), 'age of the cache', sizes.cachedOldestMs)
    atMost(plumtree.heldPerOriginMax, 'held payloads of an origin', sizes.heldMost)
    atMost(sizes.cachedCount, 'held payloads', sizes.held)
    atMost(nodes, 'origins', sizes.origins)
    atMost(nodes - 1, 'origins that a peer brought up', sizes.introducedMost)
    // A life of an origin, and one that may follow it.
    atMost(sizes.origins * 2, 'waiting lives of origins', sizes.waiting)
    atMost(sizes.waiting * neighbours, 'announcements', sizes.missing)
    atMost(neighbours * limits.rangesPerMessageMax, 'ranges to announce', sizes.pending)
    atMost(sizes.cachedCount, 'payloads sent to one that asked', sizes.answeredMost)
    atMost(views.active, 'neighbours of the tree', neighbours)
    atMost(neighbours, 'neighbours of the views', views.active)
    atMost(Math.ceil(hyparview.passiveViewMax / 3), 'passive nodes of one source', views.passiveMost)
    atMost(nodes, 'members', detector.members)
    atMost(detector.members - 1, 'members suspected or gone', detector.suspected + detector.gone)
  }

  /**
   * Its process watches neighbours, nodes asked for a link and subscribers: those, and no others. Looked at when one of
   * them has changed, or the process is another.
   */
  #watched(node: Node, api: MembershipApi, { subscribers }: MembershipStats, looked: Looked): void {
    const pid = node.whereis('membership')
    if (pid === undefined) return
    const listeners = this.#onlooker.listenersOf(node)
    const wanted = [...api.activeView(), ...api.pendingView()].sort().join()
    const sight = `${pid} ${wanted} ${subscribers} ${listeners.length}`
    if (looked.sight === sight) return
    const info = node.processInfo(pid)
    // One that has just started again has not begun; what has ended is watched no more, and may still have to be read.
    if (info === undefined || info.reductions === 0 || info.mailboxLength > 0) return
    looked.sight = sight
    const watched = info.monitors.flatMap(target => ('name' in target ? [target.node] : [])).sort()
    if (watched.join() !== wanted)
      this.#onlooker.broke('M8 what is watched', `${node.name} watches ${watched}, and relies on ${wanted}`)
    const alive = listeners.filter(listener => node.processInfo(listener.pid) !== undefined)
    if (alive.length !== subscribers || info.monitors.length - watched.length !== subscribers)
      this.#onlooker.broke(
        'M8 what is watched',
        `${node.name} has ${alive.length} subscribers, and knows ${subscribers}`,
      )
  }

  /** Plus what clocks may drift, and for how long the node does nothing. */
  #late(node: Node, ms: number): number {
    return ms * 1.1 + 50 + (this.#standstillMs.get(node.name) as number)
  }

  #points(stats: MembershipStats, looked: Looked): void {
    const { counters, sizes } = stats.broadcasts
    if (sizes.cachedCount < looked.cachedCount) this.#world.reached('cache: let go')
    looked.cachedCount = sizes.cachedCount
    if (sizes.cachedCount === this.#plan.plumtree.cacheCountMax) this.#world.reached('cache: full')
    if (sizes.held > 0) this.#world.reached('held behind a gap')
    // Counters only grow.
    if (this.#world.nowMs < looked.countedMs + countMs) return
    looked.countedMs = this.#world.nowMs
    this.#counted('views', stats.refused)
    this.#counted('tree', counters.refused)
    this.#counted('detector', stats.detector.refused)
    if (counters.duplicates > 0) this.#world.reached('broadcast: came twice')
  }

  #counted(whose: string, refused: Readonly<Record<string, number>>): void {
    for (const reason in refused) {
      if ((refused[reason] as number) > 0) this.#world.reached(`${whose} refused: ${reason}`)
    }
  }
}

function standstillMs(name: NodeName, { schedule }: FaultPlan): number {
  const times = schedule.map(fault =>
    (fault.kind === 'pause' || fault.kind === 'slow') && fault.node === name ? fault.forMs : 0,
  )
  return times.reduce((sum, ms) => sum + ms, 0)
}
