/**
 * A bad network between two ends on this machine: datagrams are lost, and each is held up for a time of its own, so that
 * they overtake each other.
 *
 *   client --> front --(lost, or later)--> rear --> target
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface BadNetwork {
  /** The share of datagrams that is lost, each way, from 0 to 1. */
  readonly lossRate: number
  readonly delayMsMin: number
  readonly delayMsMax: number
}

const socketBufferBytes = 4 * 1024 * 1024
const host = '127.0.0.1'

/** What went through it, both ways. */
export interface RelayCounts {
  passed: number
  lost: number
}

/** Stands before one target. Each client has a socket of its own towards it, as behind a NAT. */
export class LossyRelay {
  readonly #front: Socket
  readonly #rears = new Map<number, Socket>()
  readonly #targetPort: number
  readonly #network: BadNetwork
  readonly #random: () => number
  readonly counts: RelayCounts = { passed: 0, lost: 0 }
  #isClosed = false

  /** The same seed loses and holds up the same datagrams, by their order. */
  static async open(targetPort: number, network: BadNetwork, seed: number): Promise<LossyRelay> {
    return new LossyRelay(await boundSocket(), targetPort, network, seed)
  }

  private constructor(front: Socket, targetPort: number, network: BadNetwork, seed: number) {
    this.#front = front
    this.#targetPort = targetPort
    this.#network = network
    this.#random = randomFrom(seed)
    front.on('message', (datagram, { port }) => void this.#toTarget(datagram, port))
  }

  /** Clients send to it, in place of the target. */
  get port(): number {
    return this.#front.address().port
  }

  close(): void {
    this.#isClosed = true
    this.#front.close()
    for (const rear of this.#rears.values()) rear.close()
  }

  async #toTarget(datagram: Buffer, clientPort: number): Promise<void> {
    const rear = this.#rears.get(clientPort) ?? (await this.#addRear(clientPort))
    this.#pass(datagram, rear, this.#targetPort)
  }

  async #addRear(clientPort: number): Promise<Socket> {
    const rear = await boundSocket()
    const known = this.#rears.get(clientPort)
    if (known !== undefined || this.#isClosed) {
      rear.close()
      return known ?? rear
    }
    this.#rears.set(clientPort, rear)
    rear.on('message', datagram => this.#pass(datagram, this.#front, clientPort))
    return rear
  }

  #pass(datagram: Buffer, by: Socket, port: number): void {
    const { lossRate, delayMsMin, delayMsMax } = this.#network
    if (this.#random() < lossRate) {
      this.counts.lost++
      return
    }
    this.counts.passed++
    setTimeout(
      () => {
        if (!this.#isClosed) by.send(datagram, port, host)
      },
      delayMsMin + this.#random() * (delayMsMax - delayMsMin),
    )
  }
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup: (name, _, done) => done(null, name, 4) })
  // A target that is gone is loss.
  socket.on('error', () => {})
  // With that look-up it listens before `bind` returns.
  const listening = once(socket, 'listening')
  socket.bind(0, host)
  await listening
  socket.setRecvBufferSize(socketBufferBytes)
  socket.setSendBufferSize(socketBufferBytes)
  return socket
}

/** Mulberry32: numbers from 0 to below 1. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
