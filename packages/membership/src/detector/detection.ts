/** The failure detector of one node, fed with what comes to it and with time. */
import type { Clock, NodeName, Random } from '@barrel-actors/runtime'
import type { DownReason } from '../hyparview/state.ts'
import type { Peer } from '../peer.ts'
import { TickTimer } from '../tick-timer.ts'
import type { DetectorMessage, Verdict } from './messages.ts'
import type { DetectorOptions } from './options.ts'
import { createDetector, type Detector, type DetectorEvent, type MemberChange, step } from './state.ts'

export interface DetectionSeams {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>
  readonly random: Random
  /** Over the channel that is there: where there is none, the message is dropped. */
  sendLinked(to: NodeName, message: DetectorMessage): void
  broadcast(verdict: Uint8Array): void
  tell(change: MemberChange): void
}

const kinds: ReadonlySet<unknown> = new Set<DetectorMessage['kind']>([
  'ping',
  'ack',
  'pingFor',
  'pingedFor',
  'digest',
  'records',
])

/** Whether it is to be given to `receive`; what else is in it is looked at there. */
export function isDetectorMessage(value: unknown): boolean {
  return kinds.has((value as { kind?: unknown } | null | undefined)?.kind)
}

export class Detection {
  readonly #seams: DetectionSeams
  readonly #state: Detector
  readonly #timer: TickTimer
  #isStopped = false

  constructor(self: Peer, options: Partial<DetectorOptions>, seams: DetectionSeams) {
    this.#seams = seams
    this.#timer = new TickTimer(seams.clock, () => this.#give({ kind: 'tick' }))
    this.#state = createDetector({ self, options }, seams.clock.now(), seams.random)
    this.#give({ kind: 'tick' })
  }

  get state(): Readonly<Detector> {
    return this.#state
  }

  peerUp(peer: Peer): void {
    this.#give({ kind: 'peerUp', peer })
  }

  peerDown(node: NodeName, reason: DownReason): void {
    this.#give({ kind: 'peerDown', node, reason })
  }

  /** That node could not be reached, whoever tried. */
  unreachable(node: NodeName): void {
    this.#give({ kind: 'unreachable', node })
  }

  /** Whatever came from a node that has proved to be `from`, in that life. */
  receive(from: NodeName, creation: number, message: unknown): void {
    this.#give({ kind: 'received', from, creation, message })
  }

  /** A broadcast verdict of that origin, as it came. */
  verdict(from: NodeName, creation: number, payload: Uint8Array): void {
    this.#give({ kind: 'verdict', from, creation, verdict: decodeVerdict(payload) })
  }

  /** That node says to this one that it has left, in that life: its broadcast may have come to nobody. */
  saidToLeave(node: NodeName, creation: number): void {
    const known = this.#state.table.get(node)
    if (known === undefined || known.creation > creation || known.state === 'gone') return
    const incarnation = known.creation === creation ? known.incarnation : 0
    this.#give({ kind: 'verdict', from: node, creation, verdict: { kind: 'left', node, creation, incarnation } })
  }

  leave(): void {
    this.#give({ kind: 'leave' })
  }

  stop(): void {
    this.#isStopped = true
    this.#timer.cancel()
  }

  #give(event: DetectorEvent): void {
    if (this.#isStopped) return
    const seams = this.#seams
    for (const effect of step(this.#state, event, seams.clock.now(), seams.random)) {
      switch (effect.kind) {
        case 'send':
          seams.sendLinked(effect.to, effect.message)
          break
        case 'broadcast':
          seams.broadcast(encodeVerdict(effect.verdict))
          break
        case 'schedule':
          this.#timer.setFor(effect.atMs)
          break
        default:
          seams.tell(effect)
      }
    }
  }
}

function encodeVerdict(verdict: Verdict): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(verdict))
}

/** Undefined where it is none. */
function decodeVerdict(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return undefined
  }
}
