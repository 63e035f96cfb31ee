/** Messages that came to the shell, kept until someone looks, and never more than a bounded number of them. */

const messagesMax = 1000

export class Inbox {
  #messages: unknown[] = []
  #dropped = 0

  /** Keeps a message; the oldest goes when there are too many. */
  add(message: unknown): void {
    this.#messages.push(message)
    if (this.#messages.length <= messagesMax) return
    this.#messages.shift()
    this.#dropped++
  }

  /** All messages, oldest first, and how many older ones had to go. Forgets both. */
  takeAll(): { readonly messages: unknown[]; readonly dropped: number } {
    const taken = { messages: this.#messages, dropped: this.#dropped }
    this.#messages = []
    this.#dropped = 0
    return taken
  }
}
