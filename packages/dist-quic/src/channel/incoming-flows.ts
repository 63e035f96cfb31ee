/**
 * The flows on their way in: those that share a stream, and those that have left it for one of their own. A flow that is
 * not to be read is asked to leave, since the shared stream cannot be left unread for it alone.
 *
 *   shared --left--> own stream, read unless paused
 */
import type { Flow, Signal, SignalDecoder } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { IncomingFlow, type IncomingOwner } from './incoming-flow.ts'
import { SharedReader, type SharedSink } from './shared-stream.ts'
import { sharedFlow } from './streams.ts'

/** The channel, as its incoming flows see it. */
export interface IncomingFlowsOwner {
  createDecoder(): SignalDecoder
  received(signal: Signal, flow: Flow): void
  readonly isReading: boolean
  /** Leaves a stream unread, or reads it: that of a flow, or the shared one. */
  pauseStream(flow: number): void
  resumeStream(flow: number): void
  /** Asks the peer to let that flow leave the shared stream. */
  askToLeave(flow: number): void
}

export class IncomingFlows implements SharedSink, IncomingOwner {
  readonly assembling: { bytes: number } = { bytes: 0 }
  readonly #owner: IncomingFlowsOwner
  readonly #flows: (IncomingFlow | undefined)[] = []
  readonly #shared = new SharedReader(this)
  /** Flows that are not to be read, each with what it brought all the same in the shared stream. */
  readonly #paused = new Map<number, number>()
  readonly #asked = new Set<number>()
  /** The flow for which the shared stream is left unread. */
  #blocking: number | undefined

  constructor(owner: IncomingFlowsOwner) {
    this.#owner = owner
  }

  get isReading(): boolean {
    return this.#owner.isReading
  }

  /** Whether some flow is left unread. */
  get hasPaused(): boolean {
    return this.#paused.size > 0
  }

  createDecoder(): SignalDecoder {
    return this.#owner.createDecoder()
  }

  /** Bytes of the stream of a flow, or of the shared one. What the peer did wrong, or nothing. Throws E_SIGNAL_INVALID. */
  receive(flow: number, bytes: Uint8Array): string | undefined {
    return flow === sharedFlow ? this.#shared.push(bytes) : this.#flow(flow).push(bytes)
  }

  #flow(flow: number): IncomingFlow {
    const incoming = this.#flows[flow] ?? new IncomingFlow(flow, this)
    this.#flows[flow] = incoming
    return incoming
  }

  whole(flow: number, bytes: Uint8Array, start: number, end: number): void {
    this.#flow(flow).whole(bytes, start, end)
  }

  left(flow: number): void {
    if (this.#paused.has(flow)) this.#unblock(flow)
    else this.#owner.resumeStream(flow)
  }

  received(signal: Signal, flow: Flow): void {
    this.#owner.received(signal, flow)
    const overshoot = this.#paused.get(flow.flow)
    if (overshoot !== undefined) this.#overshoot(flow.flow, overshoot + flow.heapBytes + signalBytes)
  }

  #overshoot(flow: number, bytes: number): void {
    this.#paused.set(flow, bytes)
    if (bytes <= limits.overshootBytesMax || this.#blocking !== undefined || this.#shared.hasLeft(flow)) return
    this.#blocking = flow
    this.#owner.pauseStream(sharedFlow)
  }

  pause(flow: number): void {
    if (this.#paused.has(flow)) return
    this.#paused.set(flow, 0)
    if (this.#shared.hasLeft(flow)) return this.#owner.pauseStream(flow)
    if (!this.#asked.has(flow)) this.#owner.askToLeave(flow)
    this.#asked.add(flow)
  }

  resume(flow: number): void {
    if (!this.#paused.delete(flow)) return
    if (this.#shared.hasLeft(flow)) this.#owner.resumeStream(flow)
    else this.#unblock(flow)
  }

  #unblock(flow: number): void {
    if (this.#blocking !== flow) return
    this.#blocking = undefined
    this.#owner.resumeStream(sharedFlow)
  }
}

/** The memory of a signal, beside its message. */
const signalBytes = 200
