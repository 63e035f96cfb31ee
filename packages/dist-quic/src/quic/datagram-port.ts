/** What moves the datagrams of a connection: the endpoint's socket, one of its own after a migration, an adapter. */
import type { Address } from './address.ts'

export interface DatagramPort {
  /** The endpoint's socket, which its connections share; a socket of one connection, which closes it; an adapter. */
  readonly kind: 'shared' | 'own' | 'adapter'
  /** The local address, as QUIC is told of it. */
  readonly address: Address
  /** Where the next packet is written, before `send`. Not the same buffer for ever. */
  readonly packet: Buffer
  /** Whether sending should wait. */
  readonly full: boolean
  /** Sends the first bytes of `packet`, which is this port's or another's. What cannot be sent is lost. */
  send(packet: Buffer, length: number, host: string, port: number): void
  /** May be called again. */
  close(): unknown
}

/** Whether both name the same local port. One connection never has two ports of the same number. */
export function isAt(port: DatagramPort, local: Address): boolean {
  return port.address.port === local.port
}
