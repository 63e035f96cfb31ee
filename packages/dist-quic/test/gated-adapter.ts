/** An adapter over plain UDP on loopback whose outgoing datagrams a test can hold up. */
import { createSocket, type Socket } from 'node:dgram'
import type { DatagramAdapter } from '../src/index.ts'

/** Where the adapters of a test lead, and whether anything gets there. */
export interface Gate {
  port: number
  isOpen: boolean
  /** What waits at the gate, oldest first. */
  readonly waiting: (() => void)[]
}

export function openGate(gate: Gate): void {
  gate.isOpen = true
  for (const pass of gate.waiting.splice(0)) pass()
}

export class GatedAdapter implements DatagramAdapter {
  readonly #socket: Socket = createSocket('udp4')
  readonly #gate: Gate
  /** An adapter leads to where the gate led when it was made. */
  readonly #port: number
  #isClosed = false

  constructor(gate: Gate) {
    this.#gate = gate
    this.#port = gate.port
  }

  start(received: (packet: Uint8Array) => void): void {
    this.#socket.on('message', received)
    this.#socket.on('error', () => {})
  }

  send(packet: Uint8Array): void {
    const pass = () => {
      if (!this.#isClosed) this.#socket.send(packet, this.#port, '127.0.0.1')
    }
    if (this.#gate.isOpen) pass()
    else this.#gate.waiting.push(pass)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.close()
  }
}
