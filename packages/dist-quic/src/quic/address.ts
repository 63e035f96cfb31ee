/** Addresses as the socket and the QUIC library want them: IP literals of one family. */
import { isIP, isIPv4, SocketAddress } from 'node:net'

/** Where a datagram comes from or goes to. */
export interface Address {
  /** An IP literal. */
  readonly host: string
  readonly port: number
}

export type SocketType = 'udp4' | 'udp6'

/** The kind of socket that binds to that literal; undefined when it is none. */
export function socketTypeOf(host: string): SocketType | undefined {
  switch (isIP(host)) {
    case 4:
      return 'udp4'
    case 6:
      return 'udp6'
    default:
      return undefined
  }
}

/** How a socket of that type writes that literal; undefined when it cannot reach it, or it is no literal. */
export function writtenFor(type: SocketType, host: string): string | undefined {
  if (isIPv4(host)) return type === 'udp4' ? host : `::ffff:${host}`
  return isIP(host) === 6 && type === 'udp6' ? host : undefined
}

/** Whether datagrams to it never leave the machine. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127\./i.test(host)
}

/** An address without its zone (`fe80::1%eth0`), which the QUIC library does not read. */
export function withoutZone(host: string): string {
  const at = host.indexOf('%')
  return at < 0 ? host : host.slice(0, at)
}

/** Key of an address in a table, however its host is written. The zone does not count. */
export function keyOfAddress({ host, port }: Address): string {
  const address = withoutZone(host)
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  return keyOfSender(new SocketAddress({ address, family }).address, port)
}

/** The same of where a datagram came from, which the system writes in one way only. */
export function keyOfSender(host: string, port: number): string {
  return `${withoutZone(host)} ${port}`
}

/** What counts as one party: an IPv4 address, or the /64 that an IPv6 host can choose addresses from. */
export function partyOf(host: string): string {
  if (!host.includes(':') || host.includes('.')) return host
  const [left = '', right] = withoutZone(host).split('::')
  const head = left === '' ? [] : left.split(':')
  if (right !== undefined) {
    const tail = right === '' ? 0 : right.split(':').length
    while (head.length + tail < 8) head.push('0')
  }
  return `${head.slice(0, 4).join(':')}::/64`
}
