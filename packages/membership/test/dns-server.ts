/** A domain name server of a few records on a UDP port of loopback, as RFC 1035 lays questions and answers out. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'

const types = { A: 1, AAAA: 28, SRV: 33 } as const
const kinds = new Map<number, string>(Object.entries(types).map(([kind, type]) => [type, kind]))

/** `A node-a` to the data of its records; `fails` to a refusal of the server; `silent` to no answer at all. */
export type Zone = Readonly<Record<string, readonly Buffer[] | 'fails' | 'silent'>>

export interface DnsServer {
  /** `127.0.0.1:port` */
  readonly address: string
  close(): void
}

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => answer(message, from))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }

  function answer(message: Buffer, from: RemoteInfo): void {
    const { name, type, end } = questionOf(message)
    const records = zone[`${kinds.get(type)} ${name}`]
    if (records === 'silent') return
    const given = Array.isArray(records) ? (records as Buffer[]) : []
    const code = records === 'fails' ? 2 : records === undefined ? 3 : 0
    const head = Buffer.from(message.subarray(0, 12))
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(given.length, 6)
    head.writeUInt32BE(0, 8)
    const answers = given.map(data =>
      Buffer.concat([Buffer.of(0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length), data]),
    )
    socket.send(Buffer.concat([head, message.subarray(12, end), ...answers]), from.port, from.address)
  }
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] as number; length > 0; length = message[at] as number) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

export function srvData(priority: number, weight: number, port: number, host: string): Buffer {
  const numbers = Buffer.alloc(6)
  for (const [index, number] of [priority, weight, port].entries()) numbers.writeUInt16BE(number, 2 * index)
  const labels = host.split('.').map(label => Buffer.from(`${String.fromCharCode(label.length)}${label}`))
  return Buffer.concat([numbers, ...labels, Buffer.of(0)])
}
