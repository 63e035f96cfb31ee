/** What is to happen, by the whole millisecond: in order of time, and what is for the same time in the order it came. */

export interface Happening {
  readonly atMs: number
  run(): void
}

/** Milliseconds of which each has a slot; what is later waits by the block, so that a long empty time costs little. */
const blockMs = 4_096

export class Agenda {
  readonly #slots: (Happening[] | undefined)[] = new Array(blockMs).fill(undefined)
  readonly #laterBlocks = new Map<number, Happening[]>()
  #block = 0
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** For now, or for later. */
  add(happening: Happening): void {
    const block = Math.floor(happening.atMs / blockMs)
    if (block !== this.#block) {
      const later = this.#laterBlocks.get(block)
      if (later === undefined) this.#laterBlocks.set(block, [happening])
      else later.push(happening)
      return
    }
    const place = happening.atMs % blockMs
    const slot = this.#slots[place]
    if (slot === undefined) this.#slots[place] = [happening]
    else slot.push(happening)
  }

  /** Runs all that happens up to that time, and what it brings about by then. */
  runUntil(untilMs: number): void {
    const lastBlock = Math.floor(untilMs / blockMs)
    for (; this.#block < lastBlock; this.#enterBlock(this.#block + 1)) this.#runSlots(blockMs - 1)
    this.#runSlots(untilMs % blockMs)
    this.#nowMs = untilMs
  }

  #runSlots(lastPlace: number): void {
    const blockStartMs = this.#block * blockMs
    for (let place = Math.max(0, this.#nowMs - blockStartMs); place <= lastPlace; place++) {
      const slot = this.#slots[place]
      if (slot === undefined) continue
      this.#nowMs = blockStartMs + place
      // What is for now joins the end.
      for (let at = 0; at < slot.length; at++) (slot[at] as Happening).run()
      this.#slots[place] = undefined
    }
  }

  #enterBlock(block: number): void {
    this.#block = block
    const happenings = this.#laterBlocks.get(block) ?? []
    this.#laterBlocks.delete(block)
    for (const happening of happenings) this.add(happening)
  }
}
