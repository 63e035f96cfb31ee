/**
 * The user streams of a node. The carrier attaches each channel that is up and hands over what comes on its
 * bidirectional streams, the control stream apart:
 *
 *   bytes --stream unknown--> demultiplexer --tag known, acceptor free--> LiveStream, and a message to the acceptor
 *       \--stream known-----> LiveStream
 */
import type { AnyPid, Clock, Log, Node, NodeName, Pid, Timer } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { DropLog } from '../quic/drop-log.ts'
import { encodePreamble, tagProblem } from './demux/preamble.ts'
import { type Refusal, refusalCode, refusalText } from './demux/refusal.ts'
import { createDemux, type DemuxState, type Effect, type Input, nextDueMs, step } from './demux/state.ts'
import { limits } from './limits.ts'
import { Owners } from './owners.ts'
import type { StreamHandler, StreamLink } from './stream-link.ts'
import { LiveStream, type UserStream } from './user-stream.ts'

/** Put into the mailbox of the process that accepts the tag: from here on the stream is its own. */
export interface IncomingStream {
  readonly kind: 'stream'
  readonly stream: UserStream
  readonly tag: string
  /** The node that opened it, as it has proved. */
  readonly from: NodeName
}

export interface OpenStreamOptions {
  /** The process that the stream belongs to. Default: the node's root, which lives as long as the node. */
  readonly owner?: AnyPid
}

/** User streams of a node: `node.extension(Quic).streams`. */
export interface Streams {
  /**
   * Has a process of this node get the streams that others open with the tag, each as an `IncomingStream`. A process
   * may accept several tags; they are free again when it ends.
   * @throws E_TAG_TAKEN where another process accepts it, E_TAG_INVALID, E_TAG_RESERVED, E_STREAM_OWNER_DEAD,
   * E_DESTINATION_INVALID, E_PID_NOT_LOCAL
   */
  accept(tag: string, pid: AnyPid): void
  /** Frees the tag; streams that were accepted go on. Whether somebody accepted it. */
  unaccept(tag: string): boolean
  /** The tags that are accepted, and by whom. */
  acceptors(): { readonly tag: string; readonly pid: AnyPid }[]
  /**
   * Opens a stream to a process of another node that accepts the tag, and the channel to that node where there is
   * none. Bytes may be written at once; where nobody accepts the tag, `closed` rejects with E_STREAM_REFUSED.
   * @param node `name@host`, or `name@host:port`
   * @throws what `connect` throws, E_STREAM_NODE_OWN, E_STREAM_LIMIT, E_STREAM_UNAVAILABLE, E_TAG_INVALID,
   * E_TAG_RESERVED, E_STREAM_OWNER_DEAD, E_DESTINATION_INVALID, E_PID_NOT_LOCAL, as rejections
   */
  open(node: string, tag: string, options?: OpenStreamOptions): Promise<UserStream>
  /** The open streams with that node, or with all. */
  list(node?: NodeName): UserStream[]
}

export interface UserStreamsContext {
  readonly node: Node
  readonly clock: Clock
  readonly log: Log
  /** Resolves with the node's name once a channel to it is attached. Default: `connect` of the node. */
  readonly connect?: (address: string) => Promise<NodeName>
}

/** One channel. */
interface Peer {
  readonly id: number
  readonly node: NodeName
  readonly link: StreamLink
  readonly streams: Map<number, LiveStream>
}

/** How many of what there is, for tests and for whoever looks into a node. */
export interface StreamCounts {
  readonly peers: number
  readonly streams: number
  readonly parked: number
  readonly owners: number
  readonly tags: number
}

/** Tags that begin so are kept for the streams of Barrel Actors itself. */
const reservedPrefix = 'barrel:'

export class UserStreams implements Streams {
  readonly #context: UserStreamsContext
  readonly #drops: DropLog
  readonly #owners: Owners
  readonly #demux: DemuxState
  readonly #peers = new Map<number, Peer>()
  /** The channel of each node that was attached last. */
  readonly #byNode = new Map<NodeName, Peer>()
  #nextPeer = 0
  #streamsCount = 0
  #timer: Timer | undefined
  #timerDueMs: number | undefined

  constructor(context: UserStreamsContext) {
    this.#context = context
    this.#drops = new DropLog(context.clock, context.log)
    this.#owners = new Owners(context.node)
    this.#demux = createDemux({ judge: (tag, link) => this.#judge(tag, link) })
  }

  accept(tag: string, pid: AnyPid): void {
    checkTag(tag)
    this.#checkOwner(pid)
    const holder = this.#owners.acceptorOf(tag)
    if (holder?.equals(pid)) return
    // One that has ended has just not been noticed yet.
    if (holder !== undefined && this.#context.node.processInfo(holder) !== undefined) {
      throw quicError('E_TAG_TAKEN', { tag, pid: holder })
    }
    this.#owners.takeTag(tag, pid)
  }

  unaccept(tag: string): boolean {
    return this.#owners.freeTag(tag)
  }

  acceptors(): { tag: string; pid: AnyPid }[] {
    return this.#owners.acceptors()
  }

  async open(address: string, tag: string, options: OpenStreamOptions = {}): Promise<UserStream> {
    const { node: self } = this.#context
    const owner = options.owner ?? self.pid
    checkTag(tag)
    this.#checkOwner(owner)
    const node = await (this.#context.connect?.(address) ?? self.connect(address))
    if (node === self.name) throw quicError('E_STREAM_NODE_OWN', { node })
    // Much may have happened meanwhile.
    this.#checkOwner(owner)
    const peer = this.#byNode.get(node)
    if (peer === undefined) throw quicError('E_STREAM_UNAVAILABLE', { node, tag })
    this.#checkRoom(peer, tag)
    const stream = this.#add(peer, peer.link.open(), tag, owner)
    peer.link.write(stream.streamId, encodePreamble(tag))
    return stream
  }

  list(node?: NodeName): UserStream[] {
    const peers = [...this.#peers.values()].filter(peer => node === undefined || peer.node === node)
    return peers.flatMap(({ streams }) => [...streams.values()])
  }

  /** Whether a user stream needs the channel to that node: it must not be collected then. */
  holdsChannel(node: NodeName): boolean {
    return (this.#byNode.get(node)?.streams.size ?? 0) > 0
  }

  get counts(): StreamCounts {
    return {
      peers: this.#peers.size,
      streams: this.#streamsCount,
      parked: this.#demux.byAge.size,
      owners: this.#owners.size,
      tags: this.#owners.acceptors().length,
    }
  }

  /**
   * A channel is up, and whoever waits in `connect` has not been told yet. The handler is for the events of its
   * bidirectional streams, the carrier's own apart.
   */
  attach(node: NodeName, link: StreamLink): StreamHandler {
    const peer: Peer = { id: this.#nextPeer++, node, link, streams: new Map() }
    this.#peers.set(peer.id, peer)
    this.#byNode.set(node, peer)
    return {
      received: (streamId, bytes, fin) => this.#received(peer, streamId, bytes, fin),
      drained: streamId => peer.streams.get(streamId)?.drained(),
      abandoned: (streamId, code) => this.#abandoned(peer, streamId, code),
      closed: cause => this.#closed(peer, cause),
    }
  }

  #received(peer: Peer, streamId: number, bytes: Uint8Array, fin: boolean): void {
    const stream = peer.streams.get(streamId)
    if (stream !== undefined) return stream.received(bytes, fin)
    // One of ours that is over.
    if (isOurs(peer.link, streamId)) return
    this.#input({ kind: 'bytes', link: peer.id, streamId, bytes, fin })
  }

  #abandoned(peer: Peer, streamId: number, code: number | undefined): void {
    const stream = peer.streams.get(streamId)
    if (stream !== undefined) return stream.abandoned(code)
    if (!isOurs(peer.link, streamId)) this.#input({ kind: 'reset', link: peer.id, streamId })
  }

  #closed(peer: Peer, cause: Error): void {
    if (!this.#peers.delete(peer.id)) return
    if (this.#byNode.get(peer.node) === peer) this.#byNode.delete(peer.node)
    this.#input({ kind: 'closed', link: peer.id })
    for (const stream of [...peer.streams.values()]) stream.lost(cause)
  }

  #input(input: Input): void {
    for (const effect of step(this.#demux, input, this.#context.clock.now())) this.#perform(effect)
    this.#arm()
  }

  #perform(effect: Effect): void {
    const peer = this.#peers.get(effect.link)
    if (peer === undefined) return
    switch (effect.kind) {
      case 'open':
        return this.#opened(peer, effect)
      case 'refuse':
        this.#drops.count(`user stream: ${refusalText[effect.reason]}`)
        return peer.link.abandon(effect.streamId, refusalCode[effect.reason])
      case 'release':
        return peer.link.abandon(effect.streamId, 0)
      default:
        return effect satisfies never
    }
  }

  // Owned before its first byte is handed on, so that whoever reads it may answer at once.
  #opened(peer: Peer, { streamId, tag, rest, fin }: Effect & { kind: 'open' }): void {
    const acceptor = this.#owners.acceptorOf(tag) as AnyPid
    const stream = this.#add(peer, streamId, tag, acceptor)
    const message: IncomingStream = { kind: 'stream', stream, tag, from: peer.node }
    this.#context.node.send(acceptor as Pid<IncomingStream>, message)
    if (rest.length > 0 || fin) stream.received(rest, fin)
  }

  #add(peer: Peer, streamId: number, tag: string, owner: AnyPid): LiveStream {
    const events = {
      over: (stream: LiveStream) => this.#remove(peer, stream),
      handOver: (stream: LiveStream, to: AnyPid) => this.#handOver(stream, to),
    }
    const stream = new LiveStream(peer.link, events, { streamId, tag, node: peer.node, owner })
    peer.streams.set(streamId, stream)
    this.#streamsCount++
    this.#owners.addStream(stream)
    return stream
  }

  #remove(peer: Peer, stream: LiveStream): void {
    peer.streams.delete(stream.streamId)
    this.#streamsCount--
    this.#owners.removeStream(stream)
  }

  #handOver(stream: LiveStream, to: AnyPid): void {
    this.#checkOwner(to)
    this.#owners.removeStream(stream)
    stream.owner = to
    this.#owners.addStream(stream)
  }

  #judge(tag: string, link: number): Refusal | undefined {
    const acceptor = this.#owners.acceptorOf(tag)
    const info = acceptor === undefined ? undefined : this.#context.node.processInfo(acceptor)
    if (info === undefined) return 'unknownTag'
    const ofPeer = this.#peers.get(link)?.streams.size ?? 0
    if (ofPeer >= limits.streamsPerPeerMax || this.#streamsCount >= limits.streamsMax) return 'tooManyStreams'
    return info.mailboxLength >= limits.acceptorMailboxMax ? 'acceptorBusy' : undefined
  }

  #checkRoom({ node, streams }: Peer, tag: string): void {
    const full = streams.size >= limits.streamsPerPeerMax
    if (!full && this.#streamsCount < limits.streamsMax) return
    const count = full ? streams.size : this.#streamsCount
    throw quicError('E_STREAM_LIMIT', { tag, node, count, where: full ? 'with it' : 'on this node' })
  }

  /** @throws E_STREAM_OWNER_DEAD, E_DESTINATION_INVALID, E_PID_NOT_LOCAL */
  #checkOwner(pid: AnyPid): void {
    if (this.#context.node.processInfo(pid) === undefined) throw quicError('E_STREAM_OWNER_DEAD', { pid })
  }

  // One timer, for the tag that is due first.
  #arm(): void {
    const dueMs = nextDueMs(this.#demux)
    if (dueMs === this.#timerDueMs) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDueMs = dueMs
    if (dueMs === undefined) return
    this.#timer = this.#context.clock.setTimer(dueMs - this.#context.clock.now(), () => {
      this.#timerDueMs = undefined
      this.#input({ kind: 'expire' })
    })
  }
}

function isOurs(link: StreamLink, streamId: number): boolean {
  return (streamId % 2 === 0) === link.dialed
}

/** @throws E_TAG_INVALID, E_TAG_RESERVED */
function checkTag(tag: string): void {
  const problem = tagProblem(tag)
  if (problem !== undefined) throw quicError('E_TAG_INVALID', { tag, problem })
  if (tag.startsWith(reservedPrefix)) throw quicError('E_TAG_RESERVED', { tag })
}
