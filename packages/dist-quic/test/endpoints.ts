/** Endpoints on loopback for tests, and what stands between them: relays that drop, limit and move. */
import { createSocket, type Socket } from 'node:dgram'
import { type Disk, silentLog, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { seededRandom } from '@barrel-actors/simulation'
import { type Certificate, loadOrCreateCertificate } from '../src/identity/certificate.ts'
import type { Address } from '../src/quic/address.ts'
import type { ConnectionHandler, QuicConnection } from '../src/quic/contract.ts'
import { type DialOptions, Endpoint, type EndpointOptions } from '../src/quic/endpoint.ts'

export const nobody: ConnectionHandler = { established() {}, received() {}, drained() {}, closed() {} }

export type Accept = (connection: QuicConnection) => Partial<ConnectionHandler>

const closers: (() => unknown)[] = []

/** After each test: closes what it opened. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

export function onClose(close: () => unknown): void {
  closers.push(close)
}

export function makeCertificate(): Promise<Certificate> {
  return loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
}

const certificate = await makeCertificate()

export async function open(accept: Accept = () => ({}), options: Partial<EndpointOptions> = {}): Promise<Endpoint> {
  const { certificatePem, privateKeyPem } = certificate
  const endpoint = await Endpoint.open(
    {
      host: '127.0.0.1',
      port: 0,
      alpn: 'test/1',
      idleTimeoutMs: 10_000,
      keepAliveMs: 3_000,
      clock: systemClock,
      entropy: systemEntropy,
      log: silentLog,
      certificatePem,
      privateKeyPem,
      ...options,
    },
    connection => ({ ...nobody, ...accept(connection) }),
  )
  closers.push(() => endpoint.close('test over'))
  return endpoint
}

export const echo: Accept = connection => ({
  received(id, bytes, fin) {
    connection.write(id, bytes)
    if (fin) connection.finish(id)
  },
})

/** Dials and resolves when established; `handler` may take over what it wants. */
export function dial(
  from: Endpoint,
  to: Address,
  handler: Partial<ConnectionHandler> = {},
  options: DialOptions = {},
): Promise<QuicConnection> {
  return new Promise((resolve, reject) => {
    const established = () => resolve(connection)
    const connection = from.dial(to, { ...nobody, established, closed: reject, ...handler }, options)
  })
}

/** Collects what comes, whatever the stream, until it is that long. */
export class Collector {
  readonly #parts: Uint8Array[] = []
  #length = 0
  #wake = () => {}

  readonly received: ConnectionHandler['received'] = (_, part) => {
    this.#parts.push(new Uint8Array(part))
    this.#length += part.length
    this.#wake()
  }

  get length(): number {
    return this.#length
  }

  async reach(length: number): Promise<Buffer> {
    while (this.#length < length) await new Promise<void>(resolve => (this.#wake = resolve))
    return Buffer.concat(this.#parts)
  }
}

export async function udp(host = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => {})
  await new Promise<void>(resolve => socket.bind(0, host, resolve))
  let closed = false
  socket.once('close', () => (closed = true))
  closers.push(() => {
    if (!closed) socket.close()
  })
  return socket
}

/** What becomes of a packet on its way: the packets that arrive. `back`: from the one that was dialed. */
export type Pass = (packet: Buffer, back: boolean) => readonly Buffer[]

/** Stands between whoever sends to it and `target`, as a NAT does: `target` sees packets come from `rear`. */
export class Relay {
  readonly address: Address
  pass: Pass
  /** How long a packet takes, in ms. Those with different times overtake each other. Default none at all. */
  delayMs: () => number = () => 0
  readonly #front: Socket
  readonly #target: Address
  #rear: Socket
  #port = 0

  static async open(target: Address, pass: Pass = packet => [packet]): Promise<Relay> {
    return new Relay(await udp(), await udp(), target, pass)
  }

  private constructor(front: Socket, rear: Socket, target: Address, pass: Pass) {
    this.address = { host: '127.0.0.1', port: front.address().port }
    this.pass = pass
    this.#front = front
    this.#rear = rear
    this.#target = target
    front.on('message', (packet, from) => {
      this.#port = from.port
      for (const passed of this.pass(packet, false))
        this.#carry(() => this.#rear.send(passed, target.port, target.host))
    })
    this.#listen(rear)
  }

  /** From here on `target` sees packets come from another port; what it sends to the one before is lost. */
  async rebind(): Promise<number> {
    const rear = await udp()
    this.#rear.close()
    this.#rear = rear
    this.#listen(rear)
    return rear.address().port
  }

  #listen(rear: Socket): void {
    rear.on('message', packet => {
      for (const passed of this.pass(packet, true)) {
        this.#carry(() => this.#front.send(passed, this.#port, this.#target.host))
      }
    })
  }

  #carry(send: () => void): void {
    const delayMs = this.delayMs()
    if (delayMs <= 0) return send()
    setTimeout(() => {
      try {
        send()
      } catch {
        // The test is over.
      }
    }, delayMs)
  }
}

/** What a path does to packets. */
export interface Roughness {
  /** The share that is lost, and the share that comes twice. */
  readonly lost: number
  readonly doubled: number
  readonly delayMs: readonly [least: number, most: number]
}

/** Makes a relay lose, double, delay and reorder packets, both ways, the same ones for one seed. */
export function roughen(relay: Relay, { lost, doubled, delayMs: [least, most] }: Roughness, seed = 1): void {
  const random = seededRandom(seed)
  relay.pass = packet => {
    if (random.next() < lost) return []
    return random.next() < doubled ? [packet, Buffer.from(packet)] : [packet]
  }
  relay.delayMs = () => least + (most - least) * random.next()
}

export function turns(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
