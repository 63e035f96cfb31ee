/**
 * Messages waiting for one process, in the order they came. Most processes have one at most: it lies alone. More lie
 * in a ring that grows by doubling, until it is empty again.
 */

const slotsMin = 4

/** A ring with more room than this is given back once it is empty. */
const slotsKept = 1_024

/** From this many messages on it pays to note where a fresh ref may be found first. */
const markFrom = 32

/** Stands where no message lies alone: `undefined` is a message like any other. */
const nobody: unique symbol = Symbol('nobody')

// Filled, so that every ring has the same kind of elements and code for them is compiled once.
const slotsFor = (length: number): unknown[] => new Array(length).fill(undefined)

/** The ring of all that never had two messages at once. */
const noSlots = slotsFor(1)
noSlots.length = 0

/** No message before `place` can hold the ref: they were here before it was made. */
interface Mark {
  readonly ref: number
  place: number
}

export class Mailbox {
  /** The only message, where it came to an empty mailbox: then the ring is empty. */
  #alone: unknown = nobody
  /** How many messages wait. */
  length = 0
  #head = 0
  #slots: unknown[] = noSlots
  /** How often `remove` took something: places that were noted before mean nothing any more. */
  removals = 0
  /** For the newest ref only: who asks with a ref waits for its answer before asking again. */
  #mark: Mark | undefined = undefined

  /** Adds the newest. Whether it had to make more room. */
  push(message: unknown): boolean {
    if (this.length !== 0) return this.#pushBehind(message)
    this.#alone = message
    this.length = 1
    return false
  }

  #pushBehind(message: unknown): boolean {
    if (this.#alone !== nobody) this.#intoRing()
    const isFull = this.length === this.#slots.length
    if (isFull) this.#grow()
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = message
    this.length++
    return isFull
  }

  /** Takes the oldest message. The mailbox must not be empty. */
  shift(): unknown {
    const message = this.#alone
    if (message === nobody) return this.#shiftRing()
    this.#alone = nobody
    this.length = 0
    return message
  }

  #shiftRing(): unknown {
    const head = this.#head
    const message = this.#slots[head]
    this.#slots[head] = undefined
    this.#head = (head + 1) & (this.#slots.length - 1)
    this.length--
    if (this.length === 0 && this.#slots.length > slotsKept) this.#giveBack()
    if (this.#mark !== undefined) this.#takenBefore(this.#mark, 0)
    return message
  }

  /** Notes that a ref was made just now. */
  markFresh(ref: number): void {
    if (this.length >= markFrom) this.#mark = { ref, place: this.length }
  }

  /** Where a message that holds the ref may be found first. */
  firstPlaceOf(ref: number): number {
    return this.#mark?.ref === ref ? this.#mark.place : 0
  }

  /** The message at that place, 0 being the oldest. */
  at(index: number): unknown {
    if (this.#alone !== nobody) return this.#alone
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  /** Takes the message at that place; those behind it move up. */
  takeAt(index: number): unknown {
    if (index === 0) return this.shift()
    const mask = this.#slots.length - 1
    const message = this.at(index)
    for (let place = index; place < this.length - 1; place++) {
      this.#slots[(this.#head + place) & mask] = this.#slots[(this.#head + place + 1) & mask]
    }
    this.length--
    this.#slots[(this.#head + this.length) & mask] = undefined
    if (this.#mark !== undefined) this.#takenBefore(this.#mark, index)
    return message
  }

  /** Removes every message from that place on that `unwanted` says. */
  remove(unwanted: (message: unknown) => boolean, from: number): void {
    for (let index = this.length - 1; index >= from; index--) {
      if (!unwanted(this.at(index))) continue
      this.takeAt(index)
      this.removals++
    }
  }

  #takenBefore(mark: Mark, index: number): void {
    if (index < mark.place) mark.place--
    if (mark.place === 0) this.#mark = undefined
  }

  #giveBack(): void {
    this.#slots = noSlots
    this.#head = 0
  }

  /** What lay alone is the first in the ring from now on. */
  #intoRing(): void {
    if (this.#slots.length === 0) this.#slots = slotsFor(slotsMin)
    this.#slots[this.#head] = this.#alone
    this.#alone = nobody
  }

  #grow(): void {
    const old = this.#slots
    const grown = slotsFor(old.length * 2)
    for (let index = 0; index < old.length; index++) grown[index] = old[(this.#head + index) & (old.length - 1)]
    this.#slots = grown
    this.#head = 0
  }
}
