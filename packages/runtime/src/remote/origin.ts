/**
 * Where a message from another node came from, as its channel proved it, and what is not taken yet of what that node
 * sent: past a bound the flow that brought it is left unread, so that its senders come to a stop. A flow whose
 * messages are taken goes on meanwhile.
 */

import type { Channel, Flow, NodeLife, PeerRole } from '../carrier.ts'
import { limits } from '../limits.ts'
import type { NodeName } from '../node-name.ts'

/** The node that a message came from. Nothing inside the message says so: this does. */
export interface Origin {
  readonly node: NodeName
  /** Which of its lives. */
  readonly creation: number
  readonly role: PeerRole
}

/** What waits in mailboxes of this node, of one flow. */
interface Waiting {
  messages: number
  bytes: number
  isPaused: boolean
}

/** Everything undelivered of one channel. */
export class Backlog implements Origin {
  readonly node: NodeName
  readonly creation: number
  readonly role: PeerRole
  readonly #channel: Channel
  readonly #flows: (Waiting | undefined)[] = []
  #messages = 0
  #bytes = 0

  constructor(channel: Channel) {
    this.#channel = channel
    this.node = channel.node
    // Known: the channel is up, or nothing could have come.
    this.creation = (channel.life as NodeLife).creation
    this.role = channel.role
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#messages === 0
  }

  /** A message of that flow lies in a mailbox. */
  add({ flow, bytes }: Flow): void {
    const waiting = this.#flows[flow] ?? { messages: 0, bytes: 0, isPaused: false }
    this.#flows[flow] = waiting
    waiting.messages++
    waiting.bytes += bytes
    this.#messages++
    this.#bytes += bytes
    if (waiting.isPaused || !this.#isOver || !isLarge(waiting)) return
    waiting.isPaused = true
    this.#channel.pause(flow)
  }

  /** It has been taken, or its process has ended. */
  remove({ flow, bytes }: Flow): void {
    const waiting = this.#flows[flow]
    if (waiting === undefined) return
    waiting.messages--
    waiting.bytes -= bytes
    this.#messages--
    this.#bytes -= bytes
    if (!waiting.isPaused || !isSmall(waiting)) return
    waiting.isPaused = false
    this.#channel.resume(flow)
  }

  get #isOver(): boolean {
    return this.#messages > limits.backlogMessagesMax || this.#bytes > limits.backlogBytesMax
  }
}

// A flow that brings little is not the one to stop.
function isLarge({ messages, bytes }: Waiting): boolean {
  return messages > limits.backlogMessagesMax / 32 || bytes > limits.backlogBytesMax / 32
}

function isSmall({ messages, bytes }: Waiting): boolean {
  return messages <= limits.backlogMessagesMax / 64 && bytes <= limits.backlogBytesMax / 64
}
