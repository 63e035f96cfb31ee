/** A network of HyParView states with nothing else in it: links that break are noticed by both ends after a while. */
import type { NodeName, Random } from '@barrel-actors/runtime'
import type { HyparviewMessage } from './messages.ts'
import { createHyparview, type Hyparview, type HyparviewEffect, type HyparviewEvent, step } from './state.ts'

interface Due {
  readonly atMs: number
  readonly number: number
  run(): void
}

export interface Overlay {
  readonly delayMs: (random: Random) => number
  /** How long a death or a cut takes to be noticed. */
  readonly detectionMs: number
}

export class OverlayNetwork {
  now = 0
  readonly random: Random
  readonly states = new Map<NodeName, Hyparview>()
  /** Every effect other than `send` and `schedule`, in order. */
  readonly seen: { readonly node: NodeName; readonly effect: HyparviewEffect }[] = []
  /** Called after every event. */
  check: (node: NodeName, state: Hyparview) => void = () => {}
  readonly #overlay: Overlay
  readonly #arrivals = new Map<string, number>()
  readonly #cut = new Set<string>()
  #due: Due[] = []
  #number = 0

  constructor(random: Random, overlay: Partial<Overlay> = {}) {
    this.random = random
    this.#overlay = { delayMs: () => 1, detectionMs: 1_000, ...overlay }
  }

  start(node: NodeName, creation: number, options: Parameters<typeof createHyparview>[1] = {}): Hyparview {
    const state = createHyparview({ node, creation, endpoints: [] }, options, this.now, this.random)
    this.states.set(node, state)
    this.give(node, { kind: 'tick' })
    return state
  }

  give(node: NodeName, event: HyparviewEvent): HyparviewEffect[] {
    const state = this.states.get(node)
    if (state === undefined) return []
    const effects = step(state, event, this.now, this.random)
    for (const effect of effects) this.#perform(node, state, effect)
    this.check(node, state)
    return effects
  }

  /** Ends a node; its neighbours notice later. */
  kill(node: NodeName): void {
    this.states.delete(node)
    for (const other of this.states.keys()) this.#loseSoon(other, node)
  }

  /** Starts a node again; who had a channel to its earlier life learns that it is gone. */
  restart(node: NodeName, creation: number, options: Parameters<typeof createHyparview>[1] = {}): void {
    for (const other of this.states.keys()) if (other !== node) this.give(other, { kind: 'lost', node })
    this.start(node, creation, options)
  }

  /** What one says to the other is lost, both ways, until `heal`. */
  cut(one: NodeName, other: NodeName): void {
    this.#cut.add(way(one, other)).add(way(other, one))
    this.#loseSoon(one, other)
    this.#loseSoon(other, one)
  }

  healAll(): void {
    this.#cut.clear()
  }

  run(forMs: number): void {
    const untilMs = this.now + forMs
    for (let next = this.#take(untilMs); next !== undefined; next = this.#take(untilMs)) {
      this.now = next.atMs
      next.run()
    }
    this.now = untilMs
  }

  #perform(node: NodeName, state: Hyparview, effect: HyparviewEffect): void {
    if (effect.kind === 'send') this.#send(node, state, effect.to, effect.message)
    else if (effect.kind === 'schedule') {
      const { atMs } = effect
      this.#at(atMs, () => {
        if (this.states.get(node) === state && state.scheduledMs === atMs) this.give(node, { kind: 'tick' })
      })
    } else this.seen.push({ node, effect })
  }

  #send(from: NodeName, state: Hyparview, to: NodeName, message: HyparviewMessage): void {
    if (this.#cut.has(way(from, to)) || !this.states.has(to)) return this.#loseSoon(from, to)
    const key = way(from, to)
    const atMs = Math.max(this.now + this.#overlay.delayMs(this.random), this.#arrivals.get(key) ?? 0)
    this.#arrivals.set(key, atMs)
    const { creation } = state.self
    this.#at(atMs, () => {
      if (this.#cut.has(key)) return
      this.give(to, { kind: 'received', from, creation, message })
    })
  }

  #loseSoon(node: NodeName, other: NodeName): void {
    const state = this.states.get(node)
    const life = this.states.get(other)
    this.#at(this.now + this.#overlay.detectionMs, () => {
      // A channel to a later life is another one.
      const isSame = this.states.get(other) === life || !this.states.has(other)
      if (isSame && this.states.get(node) === state) this.give(node, { kind: 'lost', node: other })
    })
  }

  #at(atMs: number, run: () => void): void {
    this.#due.push({ atMs, number: this.#number++, run })
  }

  // The tests are small: a search is simple and quick enough.
  #take(untilMs: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#due) {
      if (first === undefined || due.atMs < first.atMs || (due.atMs === first.atMs && due.number < first.number))
        first = due
    }
    if (first === undefined || first.atMs > untilMs) return undefined
    this.#due = this.#due.filter(due => due !== first)
    return first
  }
}

function way(from: NodeName, to: NodeName): string {
  return `${from}>${to}`
}

/** The nodes that the overlay reaches from the first one. */
export function reachable(states: ReadonlyMap<NodeName, Hyparview>): Set<NodeName> {
  const [first] = states.keys()
  const seen = new Set<NodeName>(first === undefined ? [] : [first])
  for (const node of seen)
    for (const next of states.get(node)?.active.keys() ?? []) if (states.has(next)) seen.add(next)
  return seen
}

/** Links that only one end holds. */
export function oneSided(states: ReadonlyMap<NodeName, Hyparview>): string[] {
  return [...states].flatMap(([node, state]) =>
    [...state.active.keys()]
      .filter(other => states.get(other)?.active.has(node) !== true)
      .map(other => way(node, other)),
  )
}
