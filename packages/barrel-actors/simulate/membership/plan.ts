/** How the nodes of a run are set up. Each seed draws other bounds and times, so that all of them are met. */

import {
  type DetectorOptions,
  type DiscoveryFactory,
  detectorDefaults,
  type HyparviewOptions,
  hyparviewDefaults,
  type MembershipOptions,
  type PlumtreeOptions,
  plumtreeDefaults,
  staticTable,
} from '@barrel-actors/membership'
import type { NodeName, Random } from '@barrel-actors/runtime'
import { type Place, seededRandom } from '@barrel-actors/simulation'

export interface Plan {
  readonly hyparview: HyparviewOptions
  readonly plumtree: Required<PlumtreeOptions>
  readonly detector: DetectorOptions
  readonly contactRetryMs: number
  /** How each node finds others. */
  readonly ways: ReadonlyMap<NodeName, Way>
}

/** Whom it asks: nobody, contacts, those of a table, or those of a backend that now and then fails. */
type Way = 'waits' | 'first' | 'second' | 'both' | 'table' | 'backend'

/** The nodes that others begin from: the first ones. They are in the overlay when a run ends. */
export const contactsOf = (names: readonly NodeName[]): readonly NodeName[] => names.slice(0, 2)

const waysOfOthers: readonly Way[] = ['first', 'first', 'both', 'both', 'table', 'backend']

export function planOf(seed: number, names: readonly NodeName[]): Plan {
  const draw = new Draw(seededRandom(`${seed} membership`))
  return {
    hyparview: drawHyparview(draw),
    plumtree: drawPlumtree(draw),
    detector: drawDetector(draw),
    contactRetryMs: draw.whole(1_000, 5_000),
    ways: new Map(names.map((name, index) => [name, wayOf(draw, index)])),
  }
}

export function optionsOf({ name, names, seed }: Place): MembershipOptions {
  const plan = planOf(seed, names)
  const { hyparview, plumtree, detector, contactRetryMs } = plan
  return { hyparview, plumtree, detector, contactRetryMs, ...foundBy(plan.ways.get(name) as Way, names) }
}

function wayOf(draw: Draw, index: number): Way {
  if (index === 0) return draw.one(['waits', 'second'])
  return draw.one(index === 1 ? ['first'] : waysOfOthers)
}

function foundBy(way: Way, names: readonly NodeName[]): MembershipOptions {
  const [first, second] = contactsOf(names) as [NodeName, NodeName]
  switch (way) {
    case 'waits':
      return {}
    case 'first':
      return { contactNodes: [first] }
    case 'second':
      return { contactNodes: [second] }
    case 'both':
      return { contactNodes: [first, second] }
    case 'table':
      return { discovery: [staticTable([first, second])] }
    case 'backend':
      return { discovery: [unreliable([first, second])] }
    default:
      return way satisfies never
  }
}

/** Lists them late, and every other time not at all. */
function unreliable(nodes: readonly NodeName[]): DiscoveryFactory {
  return ({ clock }) => {
    let asked = 0
    return {
      name: 'unreliable',
      resolve: async () => undefined,
      list: () =>
        new Promise((resolve, reject) => {
          asked++
          const answer = () => (asked % 2 === 0 ? reject(new Error('no answer')) : resolve(known))
          const known = nodes.map(node => ({ node, endpoints: [] }))
          clock.setTimer(50, answer)
        }),
    }
  }
}

function drawHyparview(draw: Draw): HyparviewOptions {
  const activeWalkLength = draw.whole(2, 6)
  return {
    ...hyparviewDefaults,
    activeViewMax: draw.whole(3, 5),
    passiveViewMax: draw.whole(6, 30),
    activeWalkLength,
    passiveWalkLength: draw.whole(1, activeWalkLength - 1),
    shuffleWalkLength: draw.whole(1, 6),
    shuffleIntervalMs: draw.whole(1_000, 5_000),
    pendingMsMax: draw.whole(3_000, 15_000),
    passiveAgeMsMax: draw.whole(20_000, 300_000),
    failedMax: draw.whole(4, 32),
    seedCycles: draw.whole(2, 32),
    // An island beside one whose views are all full waits for a swap of that one's.
    swapCycles: draw.whole(4, 16),
  }
}

function drawPlumtree(draw: Draw): Required<PlumtreeOptions> {
  const graftDelayMs = draw.whole(150, 500)
  return {
    ...plumtreeDefaults,
    lazyTickMs: draw.one([0, 50, 200]),
    graftDelayMs,
    graftRetryMs: graftDelayMs,
    optimizationRounds: draw.one([0, 0, 1, 2]),
    cacheCountMax: draw.one([32, 128, 1_024]),
    cacheBytesMax: draw.one([32 * 1024, 1024 * 1024]),
    cacheAgeMs: draw.whole(5_000, 60_000),
    heldPerOriginMax: draw.one([4, 16, 256]),
    gapMs: draw.whole(2_000, 6_000),
    loneGapMs: draw.whole(3_000, 12_000),
    startGapMs: draw.whole(500, 5_000),
  }
}

/** The defaults, or all of its times half as long. */
function drawDetector(draw: Draw): DetectorOptions {
  const share = draw.one([0.5, 1])
  const times = Object.entries(detectorDefaults).filter(([option]) => option.endsWith('Ms') && option !== 'goneKeepMs')
  return { ...detectorDefaults, ...Object.fromEntries(times.map(([option, ms]) => [option, ms * share])) }
}

class Draw {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  whole(min: number, max: number): number {
    return min + Math.floor(this.#random.next() * (max - min + 1))
  }

  one<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random.next() * values.length)] as Value
  }
}
