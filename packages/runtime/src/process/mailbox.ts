/** Messages waiting for one process, in the order they came: a ring that grows by doubling. */

const slotsMin = 4

export class Mailbox {
  #slots: unknown[] = new Array(slotsMin)
  #head = 0
  #length = 0
  /** How often `remove` took something: places that were noted before mean nothing any more. */
  removals = 0

  get length(): number {
    return this.#length
  }

  push(message: unknown): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = message
    this.#length++
  }

  /** Takes the oldest message. The mailbox must not be empty. */
  shift(): unknown {
    const head = this.#head
    const message = this.#slots[head]
    this.#slots[head] = undefined
    this.#head = (head + 1) & (this.#slots.length - 1)
    this.#length--
    return message
  }

  /** The message at that place, 0 being the oldest. */
  at(index: number): unknown {
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  /** Takes the message at that place; those behind it move up. */
  takeAt(index: number): unknown {
    if (index === 0) return this.shift()
    const mask = this.#slots.length - 1
    const message = this.at(index)
    for (let place = index; place < this.#length - 1; place++) {
      this.#slots[(this.#head + place) & mask] = this.#slots[(this.#head + place + 1) & mask]
    }
    this.#length--
    this.#slots[(this.#head + this.#length) & mask] = undefined
    return message
  }

  /** Removes every message that `unwanted` says. */
  remove(unwanted: (message: unknown) => boolean): void {
    for (let index = this.#length - 1; index >= 0; index--) {
      if (!unwanted(this.at(index))) continue
      this.takeAt(index)
      this.removals++
    }
  }

  #grow(): void {
    const old = this.#slots
    const grown = new Array<unknown>(old.length * 2)
    for (let index = 0; index < old.length; index++) grown[index] = old[(this.#head + index) & (old.length - 1)]
    this.#slots = grown
    this.#head = 0
  }
}
