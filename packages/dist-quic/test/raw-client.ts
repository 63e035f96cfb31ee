/** A QUIC client for tests that breaks the rules: the native connection, driven by hand over a socket of the test. */
import type { Socket } from 'node:dgram'
import type { Config, Connection as NativeConnection } from '@matrixai/quic/native/index.js'
import type { Address } from '../src/quic/address.ts'
import { networkTransport } from '../src/quic/config.ts'
import { loadNative } from '../src/quic/native.ts'
import { makeCertificate } from './endpoints.ts'

const quiche = await loadNative()
const { certificatePem, privateKeyPem } = await makeCertificate()
const packet = Buffer.alloc(1_350)

/** How a raw client differs from one of ours. */
export interface RawOptions {
  readonly alpn?: string
  /** Its own connection id. Default none, as dialers must have. */
  readonly sourceId?: Uint8Array
  /** A file that gets the secrets of its TLS. */
  readonly keyLog?: string
}

const configs = new Map<string, Config>()

function configFor(alpn: string): Config {
  const known = configs.get(alpn)
  if (known !== undefined) return known
  const { config } = networkTransport(quiche, { certificatePem, privateKeyPem, alpn, idleTimeoutMs: 10_000 })
  config.logKeys()
  configs.set(alpn, config)
  return config
}

export class RawClient {
  readonly native: NativeConnection
  /** Datagrams that it sent, when it was asked to keep them. */
  readonly sent: Buffer[] = []
  readonly #socket: Socket
  readonly #to: Address
  readonly #local: Address

  constructor(socket: Socket, to: Address, { alpn = 'test/1', sourceId = new Uint8Array(), keyLog }: RawOptions = {}) {
    const { address: host, port } = socket.address()
    this.#socket = socket
    this.#to = to
    this.#local = { host, port }
    this.native = quiche.Connection.connect(null, sourceId, this.#local, { ...to }, configFor(alpn))
    if (keyLog !== undefined) this.native.setKeylog(keyLog)
  }

  /** Sends what the library has to send; says how many datagrams that were. */
  flush(keep = false): number {
    let count = 0
    for (let made = this.native.send(packet); made !== null; made = this.native.send(packet)) {
      const bytes = Buffer.from(packet.subarray(0, made[0]))
      if (keep) this.sent.push(bytes)
      this.#socket.send(bytes, this.#to.port, this.#to.host)
      count++
    }
    return count
  }

  /** Takes a datagram of the server. */
  take(bytes: Buffer): void {
    this.native.recv(bytes, { from: { ...this.#to }, to: this.#local })
  }

  /** Asks the server to answer a path challenge, and another if called again. */
  challenge(): void {
    this.native.probePath(this.#local, { ...this.#to })
  }

  /** Answers as a client should, from here on. Resolves when TLS is done. */
  async establish(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#socket.on('message', bytes => {
        this.take(bytes)
        this.flush()
        if (this.native.isEstablished()) resolve()
      })
      this.flush()
    })
  }
}
