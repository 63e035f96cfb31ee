/** Messages from other nodes, as they wait in mailboxes: with where they came from. */

import type { Flow } from '../carrier.ts'
import { Cast, Request } from '../gen-server/call.ts'
import type { Node } from '../node.ts'
import type { Mailbox } from '../process/mailbox.ts'
import type { Process } from '../process/process.ts'
import type { ChannelOrigin } from './origin.ts'

/** That a message from another node lies in a mailbox. */
export class Arrival {
  readonly origin: ChannelOrigin
  readonly #flow: Flow

  constructor(origin: ChannelOrigin, flow: Flow) {
    this.origin = origin
    this.#flow = flow
    origin.arrived(flow)
  }

  /** It has left the mailbox. Called once. */
  taken(): void {
    this.origin.taken(this.#flow)
  }
}

/** A message that was sent. */
export class RemoteMessage extends Request {
  readonly kind = 'message'
  override readonly arrival: Arrival

  constructor(message: unknown, arrival: Arrival) {
    super(message)
    this.arrival = arrival
  }
}

export class RemoteCast extends Cast {
  override readonly arrival: Arrival

  constructor(request: unknown, arrival: Arrival) {
    super(request)
    this.arrival = arrival
  }
}

/** What was sent, of what lies in a mailbox. */
export function contentOf(message: unknown): unknown {
  return message instanceof RemoteMessage ? message.request : message
}

/** A process takes what lay in its mailbox: what was sent, and from here on it is known where it came from. */
export function takeContent(process: Process, message: unknown): unknown {
  const arrival = message instanceof Request ? message.arrival : undefined
  arrival?.taken()
  process.origin = arrival?.origin
  return contentOf(message)
}

/** The process of a mailbox has ended: what lies in it is taken by nobody. */
export function forgetArrivals({ remotes }: Node, mailbox: Mailbox): void {
  if (remotes.isAlone) return
  for (let place = 0; place < mailbox.length; place++) {
    const message = mailbox.at(place)
    if (message instanceof Request) message.arrival?.taken()
  }
}
