/** Nodes with user streams for tests, in virtual time; their channels are streams linked in memory. */
import type { Log, Node, Self } from '@barrel-actors/runtime'
import { createSimulation, type Simulation, seededRandom } from '@barrel-actors/simulation'
import { expect } from 'vitest'
import type { UserStream } from '../src/user-streams/user-stream.ts'
import { type IncomingStream, UserStreams } from '../src/user-streams/user-streams.ts'
import { type LinkedEnd, LinkedStreams, type LinkOptions } from './linked-streams.ts'

export interface StreamNode {
  readonly node: Node
  readonly streams: UserStreams
}

export interface Line {
  readonly link: LinkedStreams
  /** The end of each node. */
  readonly ends: ReadonlyMap<string, LinkedEnd>
}

export class StreamNetwork implements AsyncDisposable {
  readonly sim: Simulation
  readonly #seed: number
  readonly #linkOptions: Partial<LinkOptions>
  readonly #nodes = new Map<string, StreamNode>()
  readonly lines: Line[] = []

  constructor({ seed = 1, ...linkOptions }: { seed?: number } & Partial<LinkOptions> = {}) {
    this.#seed = seed
    this.#linkOptions = linkOptions
    this.sim = createSimulation({ seed })
  }

  async start(name: string, log?: Log): Promise<StreamNode> {
    const node = await this.sim.startNode({ name })
    const context = { node, clock: node.clock, log: log ?? node.log }
    const streams = new UserStreams({ ...context, connect: async other => this.#connect(name, other) })
    const started = { node, streams }
    this.#nodes.set(name, started)
    return started
  }

  /** Brings a channel up that the first one dialed. A node without user streams may do as it likes at its end. */
  link(dialer: StreamNode, acceptor: StreamNode): LinkedStreams {
    const link = this.newLink()
    link.dialer.handler = dialer.streams.attach(acceptor.node.name, link.dialer)
    link.acceptor.handler = acceptor.streams.attach(dialer.node.name, link.acceptor)
    const ends = new Map([
      [dialer.node.name, link.dialer],
      [acceptor.node.name, link.acceptor],
    ])
    this.lines.push({ link, ends })
    return link
  }

  newLink(): LinkedStreams {
    const random = seededRandom(`${this.#seed} link ${this.lines.length}`)
    return new LinkedStreams({ clock: this.sim.clock, random, ...this.#linkOptions })
  }

  /** Holds that no stream is left anywhere, not even inside the channels. */
  async expectEmpty(): Promise<void> {
    await this.sim.advance(100)
    for (const { streams } of this.#nodes.values()) {
      expect(streams.counts).toMatchObject({ streams: 0, parked: 0 })
      expect(streams.list()).toEqual([])
      expect(streams.counts.owners).toBe(new Set(streams.acceptors().map(({ pid }) => `${pid}`)).size)
    }
    for (const { link } of this.lines) if (!link.isCut) expect(link.openCount).toBe(0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sim[Symbol.asyncDispose]()
  }

  #connect(from: string, to: string): string {
    const [dialer, acceptor] = [this.#nodes.get(from), this.#nodes.get(to)]
    if (dialer === undefined || acceptor === undefined) throw new Error(`no node ${to}`)
    if (from === to) return to
    if (this.lines.some(({ link, ends }) => !link.isCut && ends.has(from) && ends.has(to))) return to
    this.link(dialer, acceptor)
    return to
  }
}

/** Starts an acceptor that runs `serve` for each stream, and hands the test what it got. */
export function accepting(
  { node, streams }: StreamNode,
  tag: string,
  serve: (stream: UserStream, self: Self<IncomingStream>) => unknown = () => {},
) {
  const got: UserStream[] = []
  const pid = node.spawn(async (self: Self<IncomingStream>) => {
    for await (const { stream } of self) {
      got.push(stream)
      await serve(stream, self)
    }
  })
  streams.accept(tag, pid)
  return { pid, got }
}

/** All that comes on a stream until its end. */
export async function readAll(stream: UserStream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The code with which a promise rejects. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'none',
    (error: { code?: unknown }) => error.code ?? error,
  )
}

/** Bytes that differ from place to place. */
export function bytesOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8)) & 0xff
  return bytes
}
