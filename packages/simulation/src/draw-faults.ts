/** Draws what goes wrong in a run: a swarm, in which each run has some kinds of faults and not others. */

import { givenOptions, type NodeName, type Random } from '@barrel-actors/runtime'
import { exponentialDelay, lognormalDelay } from './delays.ts'
import { type FaultRanges, faultRangesDefaults, type Range } from './fault-ranges.ts'
import type { Fault, FaultKind, FaultPlan } from './faults.ts'

export interface DrawOptions {
  readonly names: readonly NodeName[]
  /** Every fault begins and ends within this time. */
  readonly withinMs: number
  readonly ranges?: Partial<FaultRanges>
}

export function drawFaults(random: Random, { names, withinMs, ranges }: DrawOptions): FaultPlan {
  const draw = new Draw(random, names, withinMs, { ...faultRangesDefaults, ...givenOptions(ranges ?? {}) })
  // One after another, so that the draws of one do not depend on how an object is written.
  const network = draw.network()
  const disk = draw.disk()
  const drift = draw.drift()
  return { network, disk, drift, schedule: draw.schedule() }
}

class Draw {
  readonly #random: Random
  readonly #names: readonly NodeName[]
  readonly #withinMs: number
  readonly #ranges: FaultRanges

  constructor(random: Random, names: readonly NodeName[], withinMs: number, ranges: FaultRanges) {
    this.#random = random
    this.#names = names
    this.#withinMs = withinMs
    this.#ranges = ranges
  }

  network(): FaultPlan['network'] {
    const { delayMs, lossRate, duplicationRate, reorderRate, reorderMs } = this.#ranges
    return {
      delayMs: lognormalDelay(this.#skewed(delayMs)),
      lossRate: this.#skewed(lossRate),
      duplicationRate: this.#sometimes(duplicationRate),
      reorderRate: this.#sometimes(reorderRate),
      reorderMsMax: this.#between(reorderMs),
    }
  }

  disk(): FaultPlan['disk'] {
    const { syncFailureRate, diskDelayMs } = this.#ranges
    const syncFailures = this.#sometimes(syncFailureRate)
    return { syncFailureRate: syncFailures, delayMs: exponentialDelay(this.#sometimes(diskDelayMs)) }
  }

  drift(): FaultPlan['drift'] {
    const drifts = this.#coin()
    return Object.fromEntries(this.#names.map(name => [name, drifts ? this.#between(this.#ranges.drift) : 0]))
  }

  schedule(): Fault[] {
    const kinds = Object.keys(this.#ranges.count) as FaultKind[]
    const faults = kinds.flatMap(kind => Array.from({ length: this.#count(kind) }, () => this.#fault(kind)))
    return faults.sort((a, b) => a.atMs - b.atMs)
  }

  #count(kind: FaultKind): number {
    const [min, max] = this.#ranges.count[kind]
    if (min === 0 && this.#coin()) return 0
    return Math.max(min, min + Math.floor(this.#random.next() * (max - min + 1)))
  }

  #fault(kind: FaultKind): Fault {
    const forMs = kind === 'clockJump' ? 0 : Math.min(this.#between(this.#ranges.forMs[kind]), this.#withinMs / 2)
    const atMs = this.#random.next() * (this.#withinMs - forMs)
    const node = this.#name()
    if (kind === 'split') return { kind, atMs, forMs, groups: this.#groups() }
    if (kind === 'clockJump') return { kind, atMs, node, byMs: this.#between(this.#ranges.clockJumpMs) }
    if (kind === 'slow') return { kind, atMs, forMs, node, stepMs: this.#between(this.#ranges.stepMs) }
    if (kind === 'crash' || kind === 'pause') return { kind, atMs, forMs, node }
    return { kind, atMs, forMs, from: node, to: this.#name(node) }
  }

  /** One alone, two halves, or three parts. */
  #groups(): NodeName[][] {
    const shuffled = this.#names.map(name => ({ name, at: this.#random.next() })).sort((a, b) => a.at - b.at)
    const names = shuffled.map(({ name }) => name)
    const form = Math.floor(this.#random.next() * 3)
    if (form === 0 || names.length < 3) return [names.slice(0, 1), names.slice(1)]
    const half = Math.ceil(names.length / 2)
    if (form === 1) return [names.slice(0, half), names.slice(half)]
    return [names.slice(0, 1), names.slice(1, half + 1), names.slice(half + 1)]
  }

  #name(but?: NodeName): NodeName {
    const names = this.#names.filter(name => name !== but)
    return names[Math.floor(this.#random.next() * names.length)] ?? (this.#names[0] as NodeName)
  }

  #coin(): boolean {
    return this.#random.next() < 0.5
  }

  #sometimes(range: Range): number {
    return this.#coin() ? this.#skewed(range) : 0
  }

  #between([min, max]: Range): number {
    return min + this.#random.next() * (max - min)
  }

  // Mostly little: with much of everything hardly anything happens any more.
  #skewed([min, max]: Range): number {
    return min + this.#random.next() ** 2 * (max - min)
  }
}
