/** The way from one node to another: which packets are on it, and what is wrong with it. */

import type { Clock, Random } from '@barrel-actors/runtime'
import { drawDelay } from './delays.ts'
import { Gate } from './gate.ts'
import type { WayOptions } from './options.ts'

/** Of one packet: how long it takes, and what happened to it meanwhile. */
export interface Transit {
  readonly ms: number
  /** How often it was lost and sent again. */
  readonly losses: number
  readonly isDoubled: boolean
  readonly isLate: boolean
}

export class Way {
  /** Whether nothing gets through. */
  isCut = false
  /** Of this way alone: they replace those of the network. */
  options: Partial<WayOptions> = {}
  readonly gate: Gate
  readonly #clock: Clock
  #cloggedUntilMs = 0
  /** When the last packet without a flow arrives. */
  #fence = 0
  readonly #flows = new Map<number, number>()

  constructor(clock: Clock) {
    this.gate = new Gate(clock)
    this.#clock = clock
  }

  /** Nothing arrives for so long, nor for as long as an earlier clog lasts. */
  clog(forMs: number): void {
    this.gate.shut()
    this.#cloggedUntilMs = Math.max(this.#cloggedUntilMs, this.#clock.now() + forMs)
    this.#clock.setTimer(forMs, () => {
      if (this.#clock.now() >= this.#cloggedUntilMs) this.gate.open()
    })
  }

  unclog(): void {
    this.#cloggedUntilMs = 0
    this.gate.open()
  }

  /** When a packet arrives that could be there at `earliest`: after those before it on its flow. */
  arrivalOf(earliest: number, flow: number | undefined): number {
    if (flow !== undefined) {
      const arrival = Math.max(earliest, this.#fence, this.#flows.get(flow) ?? 0)
      this.#flows.set(flow, arrival)
      return arrival
    }
    this.#fence = Math.max(earliest, this.#fence, ...this.#flows.values())
    return this.#fence
  }
}

/**
 * Draws what becomes of a packet. A lost one is sent again after a time that doubles, as carriers do; of one that
 * goes twice, the copy that is there first counts. Nothing is drawn for what cannot happen.
 */
export function drawTransit(options: WayOptions, random: Random, patienceMs: number): Transit {
  const isDoubled = happens(options.duplicationRate, random)
  const isLate = happens(options.reorderRate, random)
  const lateMs = isLate ? random.next() * options.reorderMsMax : 0
  const first = drawCopy(options, random, patienceMs)
  const second = isDoubled ? drawCopy(options, random, patienceMs) : first
  const { ms, losses } = second.ms < first.ms ? second : first
  return { ms: ms + lateMs, losses, isDoubled, isLate }
}

function drawCopy(options: WayOptions, random: Random, patienceMs: number): { ms: number; losses: number } {
  let ms = drawDelay(options.delayMs, random)
  let losses = 0
  for (let againMs = options.retransmitMs; happens(options.lossRate, random); againMs *= 2) {
    ms += againMs
    losses++
    if (ms >= patienceMs) return { ms: Infinity, losses }
  }
  return { ms, losses }
}

export function happens(rate: number, random: Random): boolean {
  return rate > 0 && random.next() < rate
}
