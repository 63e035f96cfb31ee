/** Somebody who speaks QUIC and the handshake, has a key and a certificate of its own, and says what a test wants. */
import { createHash } from 'node:crypto'
import { type Disk, silentLog, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { decodeMessage, encodeMessage, frameMessage, type Hello, type Message } from '../src/handshake/messages.ts'
import { signedBytes } from '../src/handshake/transcript.ts'
import { type Certificate, loadOrCreateCertificate } from '../src/identity/certificate.ts'
import type { KeyPair } from '../src/identity/keys.ts'
import type { Address } from '../src/quic/address.ts'
import type { ConnectionHandler, QuicConnection } from '../src/quic/contract.ts'
import { Endpoint } from '../src/quic/endpoint.ts'
import { bytesFrom, keysFrom } from './two-ends.ts'

/** One connection of the stranger, and all that the other end said on the control stream. */
export class Talk {
  connection!: QuicConnection
  readonly established: Promise<void>
  readonly closed: Promise<Error>
  #heard = Buffer.alloc(0)
  #wake = (): void => {}
  readonly handler: ConnectionHandler

  constructor(onEstablished: (talk: Talk) => void = () => {}) {
    let isEstablished = (): void => {}
    let isClosed = (_: Error): void => {}
    this.established = new Promise(resolve => {
      isEstablished = resolve
    })
    this.closed = new Promise(resolve => {
      isClosed = resolve
    })
    this.handler = {
      established: () => {
        isEstablished()
        onEstablished(this)
      },
      received: (_, bytes) => {
        this.#heard = Buffer.concat([this.#heard, bytes])
        this.#wake()
      },
      drained: () => {},
      closed: cause => {
        isClosed(cause)
        this.#wake()
      },
    }
  }

  /** The messages that have come so far. */
  get messages(): Message[] {
    const messages: Message[] = []
    for (let at = 0; at + 2 <= this.#heard.length; at += 2 + this.#heard.readUInt16BE(at)) {
      const message = decodeMessage(this.#heard.subarray(at + 2, at + 2 + this.#heard.readUInt16BE(at)))
      if (typeof message !== 'string') messages.push(message)
    }
    return messages
  }

  /** The exact bytes of the first message. */
  get firstMessage(): Uint8Array {
    return Uint8Array.from(this.#heard.subarray(2, 2 + this.#heard.readUInt16BE()))
  }

  say(...bytes: Uint8Array[]): void {
    for (const each of bytes) this.connection.write(0, each)
  }

  /** Resolves when so many messages have come, or the connection has ended. */
  async hears(count: number): Promise<void> {
    let isOver = false
    void this.closed.then(() => {
      isOver = true
    })
    while (this.messages.length < count && !isOver) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
        void this.closed.then(() => resolve())
      })
    }
  }

  /** The reason of the refusal, once the other end has closed. */
  async refusal(): Promise<string | undefined> {
    await this.closed
    const last = this.messages.at(-1)
    return last?.kind === 'fail' ? last.reason : undefined
  }
}

export class Stranger {
  readonly keys: KeyPair
  readonly #endpoint: Endpoint
  readonly #certificate: Certificate
  readonly #accepted: Talk[] = []
  /** What it says to whoever dials it. */
  answer: (talk: Talk) => void = () => {}

  static async open(label = 'stranger'): Promise<Stranger> {
    const certificate = await loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
    const { certificatePem, privateKeyPem } = certificate
    const seams = { clock: systemClock, entropy: systemEntropy, log: silentLog }
    const where = { host: '127.0.0.1', port: 0, alpn: 'barrel-actors/4', idleTimeoutMs: 10_000, keepAliveMs: 3_000 }
    const endpoint = await Endpoint.open({ ...where, certificatePem, privateKeyPem, ...seams }, connection => {
      const talk = new Talk(each => stranger.answer(each))
      talk.connection = connection
      stranger.#accepted.push(talk)
      return talk.handler
    })
    const stranger: Stranger = new Stranger(await keysFrom(label), endpoint, certificate)
    return stranger
  }

  private constructor(keys: KeyPair, endpoint: Endpoint, certificate: Certificate) {
    this.keys = keys
    this.#endpoint = endpoint
    this.#certificate = certificate
  }

  get address(): Address {
    return this.#endpoint.address
  }

  async dial(to: Address): Promise<Talk> {
    const talk = new Talk()
    talk.connection = this.#endpoint.dial(to, talk.handler)
    await talk.established
    return talk
  }

  close(): Promise<void> {
    return this.#endpoint.close('the test is over')
  }

  /** An honest HELLO, with changes. */
  hello(changes: Partial<Hello> & Pick<Hello, 'role' | 'dialedName'>): Uint8Array {
    return encodeMessage({
      kind: 'hello',
      hidden: false,
      cookieOnly: false,
      creation: 1,
      nonce: bytesFrom(`nonce ${Math.trunc(systemClock.now() * 1e6)}`),
      wallMs: systemClock.wall(),
      publicKey: this.keys.publicKey,
      name: 'stranger@127.0.0.1',
      succession: [],
      memberCertificate: new Uint8Array(0),
      ...changes,
    })
  }

  /** An honest PROOF over what both have said on this connection. */
  proof(talk: Talk, ownHello: Uint8Array): Uint8Array {
    const peerHash = createHash('sha256')
      .update(talk.connection.peerCertificate as Uint8Array)
      .digest()
    const own = { hello: ownHello, hash: this.#certificate.hash }
    const other = { hello: talk.firstMessage, hash: peerHash }
    const [dialer, acceptor] = talk.connection.dialed ? [own, other] : [other, own]
    const transcript = {
      dialerHello: dialer.hello,
      acceptorHello: acceptor.hello,
      dialerCertificateHash: dialer.hash,
      acceptorCertificateHash: acceptor.hash,
    }
    const role = talk.connection.dialed ? 'dialer' : 'acceptor'
    return encodeMessage({ kind: 'proof', signature: this.keys.sign(signedBytes(role, transcript)) })
  }
}

/** Behind its length, as it goes over the stream. */
export const framed = frameMessage
