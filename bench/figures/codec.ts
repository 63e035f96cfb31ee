/**
 * The time to write and to read one message: ours as a whole signal, with its head; msgpackr with record shapes as
 * its documentation advises, the message alone, with its native part where that is installed.
 */
import { extensionKey, type Host, limits, type Node, type Pid, type Self, startNode } from '@barrel-actors/runtime'
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr'
import type { Arm, Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { type MixName, mixes } from './codec-mixes.ts'

const { signalBytesMax } = limits

type Direction = 'encode' | 'decode'

interface Lies {
  readonly buffer: Uint8Array
  /** 0 where it is not given. */
  readonly start?: number
  readonly end: number
}

/** Both ends of one stream of messages. */
interface Stream {
  /** Writes one, in place. Says where it lies until the next one. */
  write(message: unknown): Lies
  read(bytes: Buffer, start: number, end: number): unknown
}

/** A node, and the host that it gives its carrier. */
export async function benchHost(): Promise<{ host: Host; node: Node }> {
  let host: Host | undefined
  const key = extensionKey('bench')
  const node = await startNode({
    name: 'a@bench',
    extensions: [
      {
        key,
        install: async given => {
          host = given
          return { api: undefined }
        },
      },
    ],
  })
  return { host: host as Host, node }
}

async function ours(): Promise<Stream> {
  const { host, node } = await benchHost()
  const wait = async (self: Self) => void (await self.receive())
  const [from, to] = [node.spawn(wait), node.spawn(wait)] as [Pid, Pid]
  const encoder = host.createEncoder()
  encoder.remote = node
  const decoder = host.createDecoder(node)
  return {
    write: message => encoder.write({ kind: 'send', from, to, message }, 0, signalBytesMax) as Lies,
    read: (bytes, start, end) => decoder.decode(bytes, start, end),
  }
}

async function msgpackr(): Promise<Stream> {
  const packr = new Packr({ sequential: true } as object)
  const unpackr = new Unpackr({ sequential: true } as object)
  const lies: { -readonly [Part in keyof Lies]: Lies[Part] } = { buffer: new Uint8Array(), start: 0, end: 0 }
  return {
    write: message => {
      const packed = packr.pack(message, (REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as never) as Buffer & Required<Lies>
      lies.buffer = packed
      lies.start = packed.start
      lies.end = packed.end
      return lies
    },
    read: (bytes, start, end) => unpackr.unpack(bytes, { start, end } as never),
  }
}

/** Messages one behind another, as they lie in what a connection brings. */
function written(stream: Stream, messages: readonly unknown[]): { bytes: Buffer; ends: number[] } {
  const parts = messages.map(message => {
    const { buffer, start = 0, end } = stream.write(message)
    return Buffer.from(buffer.subarray(start, end))
  })
  let end = 0
  return { bytes: Buffer.concat(parts), ends: parts.map(({ length }) => (end += length)) }
}

function arm(open: () => Promise<Stream>, direction: Direction, mix: MixName): Arm {
  return async () => {
    const { make, different } = mixes[mix]
    const stream = await open()
    const messages = Array.from({ length: different }, (_, count) => make(count))
    const read = ({ bytes, ends }: ReturnType<typeof written>) => {
      let start = 0
      for (const end of ends) {
        stream.read(bytes, start, end)
        start = end
      }
    }
    // By then the stream has carried everything that it sends only once.
    for (let round = 0; round < 3; round++) read(written(stream, messages))
    const last = written(stream, messages)
    read(last)
    const encode = () => {
      for (const message of messages) stream.write(message)
    }
    const rounds = await stepsPerSecond(direction === 'encode' ? encode : () => read(last))
    return 1_000_000_000 / (rounds * different)
  }
}

function figure(direction: Direction, mix: MixName): Figure {
  return {
    name: mix === 'bench' ? `codec.${direction}` : `codec.${direction}_${mix}`,
    unit: 'ns',
    better: 'lower',
    peer: 'msgpackr',
    ours: arm(ours, direction, mix),
    peers: { msgpackr: arm(msgpackr, direction, mix) },
  }
}

export const codecEncode: Figure = figure('encode', 'bench')
export const codecDecode: Figure = figure('decode', 'bench')
export const codecEncodeNested: Figure = figure('encode', 'nested')
export const codecDecodeNested: Figure = figure('decode', 'nested')
export const codecEncodeRows: Figure = figure('encode', 'rows')
export const codecDecodeRows: Figure = figure('decode', 'rows')
export const codecEncodeTexts: Figure = figure('encode', 'texts')
export const codecDecodeTexts: Figure = figure('decode', 'texts')
