/**
 * Where a message from another node came from, as its channel proved it, and what is not taken yet of what that key
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

/** The undelivered messages of one flow of a key. */
interface Waiting {
  messages: number
  bytes: number
  /** Channels whose flow is left unread. */
  readonly paused: Set<Channel>
}

/** Everything undelivered of one key. A new channel of that key goes on with it, so that dialing again frees nothing. */
export class Backlog {
  readonly #flows: (Waiting | undefined)[] = []
  #messages = 0
  #bytes = 0
  #channels = 0
  readonly #forget: () => void

  /** `forget` is called once nothing waits and there is no channel. */
  constructor(forget: () => void) {
    this.#forget = forget
  }

  /** A channel of that key brings messages. */
  opened(): void {
    this.#channels++
  }

  closed(channel: Channel): void {
    this.#channels--
    for (const waiting of this.#flows) waiting?.paused.delete(channel)
    this.#forgetIfDone()
  }

  /** A message of that flow lies in a mailbox. */
  add(channel: Channel, { flow, heapBytes }: Flow): void {
    const waiting = this.#flows[flow] ?? { messages: 0, bytes: 0, paused: new Set() }
    this.#flows[flow] = waiting
    const bytes = heapBytes + arrivalBytes
    waiting.messages++
    waiting.bytes += bytes
    this.#messages++
    this.#bytes += bytes
    if (!this.#isOver || !isLarge(waiting) || waiting.paused.has(channel)) return
    waiting.paused.add(channel)
    channel.pause(flow)
  }

  /** It has been taken, or its process has ended. */
  remove({ flow, heapBytes }: Flow): void {
    const waiting = this.#flows[flow]
    if (waiting === undefined) return
    const bytes = heapBytes + arrivalBytes
    waiting.messages--
    waiting.bytes -= bytes
    this.#messages--
    this.#bytes -= bytes
    if (waiting.paused.size > 0 && isSmall(waiting)) resume(waiting, flow)
    this.#forgetIfDone()
  }

  #forgetIfDone(): void {
    if (this.#channels === 0 && this.#messages === 0) this.#forget()
  }

  get #isOver(): boolean {
    return this.#messages > limits.backlogMessagesMax || this.#bytes > limits.backlogBytesMax
  }
}

/** The memory of a message in a mailbox, beside its content. */
const arrivalBytes = 200

// A flow that brings little is not the one to stop.
function isLarge({ messages, bytes }: Waiting): boolean {
  return messages > limits.backlogMessagesMax / 32 || bytes > limits.backlogBytesMax / 32
}

function isSmall({ messages, bytes }: Waiting): boolean {
  return messages <= limits.backlogMessagesMax / 64 && bytes <= limits.backlogBytesMax / 64
}

function resume({ paused }: Waiting, flow: number): void {
  const channels = [...paused]
  paused.clear()
  for (const channel of channels) channel.resume(flow)
}

/** One channel as the origin of messages. */
export class ChannelOrigin implements Origin {
  readonly node: NodeName
  readonly creation: number
  readonly role: PeerRole
  readonly #channel: Channel
  readonly #backlog: Backlog

  constructor(channel: Channel, backlog: Backlog) {
    this.#channel = channel
    this.#backlog = backlog
    this.node = channel.node
    // Known: the channel is up, or nothing could have come.
    this.creation = (channel.life as NodeLife).creation
    this.role = channel.role
    backlog.opened()
  }

  /** A message lies in a mailbox. */
  arrived(flow: Flow): void {
    this.#backlog.add(this.#channel, flow)
  }

  /** It has been taken, or its process has ended. */
  taken(flow: Flow): void {
    this.#backlog.remove(flow)
  }

  closed(): void {
    this.#backlog.closed(this.#channel)
  }
}
