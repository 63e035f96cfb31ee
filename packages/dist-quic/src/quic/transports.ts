/** The transports of an endpoint, one for each kind of path, all with the certificate of the moment. */
import { isLoopback } from './address.ts'
import {
  adapterTransport,
  type EndpointCertificate,
  loopbackTransport,
  networkTransport,
  type Transport,
  type TransportOptions,
} from './config.ts'
import type { Quiche } from './native.ts'

export class Transports {
  readonly #quiche: Quiche
  readonly #options: TransportOptions
  readonly #socketBufferBytes: number
  #network!: Transport
  #loopback!: Transport
  #adapter: Transport | undefined
  #certificate!: EndpointCertificate

  /** Throws E_CERTIFICATE_INVALID. */
  constructor(quiche: Quiche, options: TransportOptions, socketBufferBytes: number) {
    this.#quiche = quiche
    this.#options = options
    this.#socketBufferBytes = socketBufferBytes
    this.use(options)
  }

  /** Connections that begin from here on show this certificate. Throws E_CERTIFICATE_INVALID, and changes nothing. */
  use(certificate: EndpointCertificate): void {
    const options = { ...this.#options, ...certificate }
    const network = networkTransport(this.#quiche, options)
    this.#loopback = loopbackTransport(this.#quiche, options, this.#socketBufferBytes)
    this.#network = network
    this.#adapter = undefined
    this.#certificate = certificate
  }

  /** For a peer at that address. */
  to(host: string): Transport {
    return isLoopback(host) ? this.#loopback : this.#network
  }

  /** For a peer behind an adapter. */
  get adapter(): Transport {
    this.#adapter ??= adapterTransport(this.#quiche, { ...this.#options, ...this.#certificate })
    return this.#adapter
  }
}
