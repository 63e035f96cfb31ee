/**
 * The streams that peers open, until their tag is known. A plain state machine: the driver brings what came and does
 * what is said.
 *
 *   new --whole preamble--> open or refuse
 *    \--part of it--> parked --the rest--> open or refuse
 *                        \--FIN, time--> refuse     \--reset--> release     \--channel closed--> forgotten
 */
import { limits } from '../limits.ts'
import { decodeTag } from './preamble.ts'
import type { Refusal } from './refusal.ts'

/** A stream of one channel; channels have numbers of their own. */
export interface StreamKey {
  readonly link: number
  readonly streamId: number
}

export type Input =
  /** Of a stream that has not been opened or refused yet. The view may be reused afterwards. */
  | ({ readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly fin: boolean } & StreamKey)
  /** The peer gave the stream up. */
  | ({ readonly kind: 'reset' } & StreamKey)
  /** The channel has ended. */
  | { readonly kind: 'closed'; readonly link: number }
  /** The time that `nextDueMs` gave has come. */
  | { readonly kind: 'expire' }

export type Effect =
  /** From here on the stream is no longer the demultiplexer's. `rest` came after the tag: a view of the input. */
  | ({ readonly kind: 'open'; readonly tag: string; readonly rest: Uint8Array; readonly fin: boolean } & StreamKey)
  /** Give the stream up, with the code of the reason. */
  | ({ readonly kind: 'refuse'; readonly reason: Refusal } & StreamKey)
  /** Give up our side of a stream that the peer gave up. */
  | ({ readonly kind: 'release' } & StreamKey)

export interface DemuxConfig {
  /** Why a stream with that tag cannot be opened; undefined where it can. */
  readonly judge: (tag: string, link: number) => Refusal | undefined
}

/** A stream with part of its preamble. */
interface Parked extends StreamKey {
  /** As long as the tag will be. */
  readonly tagBytes: Uint8Array
  filled: number
  readonly dueMs: number
}

export interface DemuxState {
  readonly config: DemuxConfig
  /** By channel and stream. No channel without a stream. */
  readonly parked: Map<number, Map<number, Parked>>
  /** The same ones, who is due first first: all wait for the same time. */
  readonly byAge: Set<Parked>
}

export function createDemux(config: DemuxConfig): DemuxState {
  return { config, parked: new Map(), byAge: new Set() }
}

/** When the next `expire` is due; undefined where nothing waits. */
export function nextDueMs(state: DemuxState): number | undefined {
  for (const { dueMs } of state.byAge) return dueMs
  return undefined
}

/** Takes one input and says what the driver must do. `now` is monotonic, in milliseconds. Never throws on what came. */
export function step(state: DemuxState, input: Input, now: number): Effect[] {
  switch (input.kind) {
    case 'bytes':
      return onBytes(state, input, now)
    case 'reset':
      return onReset(state, input)
    case 'closed':
      return onClosed(state, input.link)
    case 'expire':
      return expire(state, now)
    default:
      return input satisfies never
  }
}

function onBytes(state: DemuxState, input: Input & { kind: 'bytes' }, now: number): Effect[] {
  const { bytes, fin } = input
  const parked = find(state, input)
  if (parked !== undefined && parked.dueMs <= now) return refuse(state, input, 'tooLate')
  const tagLength = parked?.tagBytes.length ?? bytes[0]
  if (tagLength === undefined) return fin ? refuse(state, input, 'cutShort') : []
  if (tagLength === 0) return refuse(state, input, 'malformed')
  const start = parked === undefined ? 1 : 0
  const end = start + tagLength - (parked?.filled ?? 0)
  const part = bytes.subarray(start, end)
  if (bytes.length >= end) return settle(state, input, tagOf(parked, part), bytes.subarray(end))
  if (fin) return refuse(state, input, 'cutShort')
  return parked === undefined ? park(state, input, tagLength, part, now) : fill(parked, part)
}

function onReset(state: DemuxState, { link, streamId }: StreamKey): Effect[] {
  forget(state, { link, streamId })
  return [{ kind: 'release', link, streamId }]
}

function onClosed(state: DemuxState, link: number): Effect[] {
  for (const parked of state.parked.get(link)?.values() ?? []) state.byAge.delete(parked)
  state.parked.delete(link)
  return []
}

function expire(state: DemuxState, now: number): Effect[] {
  const effects: Effect[] = []
  for (const parked of state.byAge) {
    if (parked.dueMs > now) break
    effects.push(...refuse(state, parked, 'tooLate'))
  }
  return effects
}

// The tag is whole.
function settle(state: DemuxState, input: Input & { kind: 'bytes' }, tagBytes: Uint8Array, rest: Uint8Array): Effect[] {
  const { link, streamId, fin } = input
  const tag = decodeTag(tagBytes)
  const reason = tag === undefined ? 'malformed' : state.config.judge(tag, link)
  if (tag === undefined || reason !== undefined) return refuse(state, input, reason ?? 'malformed')
  forget(state, input)
  return [{ kind: 'open', link, streamId, tag, rest, fin }]
}

function park(state: DemuxState, { link, streamId }: StreamKey, length: number, part: Uint8Array, now: number) {
  const own = state.parked.get(link)?.size ?? 0
  const evicted = state.byAge.size >= limits.parkedMax ? oldestOfGreediest(state, own) : undefined
  if (own >= limits.parkedPerPeerMax || (state.byAge.size >= limits.parkedMax && evicted === undefined)) {
    return refuse(state, { link, streamId }, 'tooManyParked')
  }
  const effects = evicted === undefined ? [] : refuse(state, evicted, 'tooManyParked')
  const parked: Parked = {
    link,
    streamId,
    tagBytes: new Uint8Array(length),
    filled: 0,
    dueMs: now + limits.preambleMsMax,
  }
  const ofLink = state.parked.get(link)
  if (ofLink === undefined) state.parked.set(link, new Map([[streamId, parked]]))
  else ofLink.set(streamId, parked)
  state.byAge.add(parked)
  fill(parked, part)
  return effects
}

// Few peers that fill all places must not keep the others out: who holds the most makes room for one with less.
function oldestOfGreediest(state: DemuxState, own: number): Parked | undefined {
  let most = own + 1
  let oldest: Parked | undefined
  for (const ofLink of state.parked.values()) {
    if (ofLink.size <= most) continue
    most = ofLink.size
    for (const parked of ofLink.values()) {
      oldest = parked
      break
    }
  }
  return oldest
}

function fill(parked: Parked, part: Uint8Array): Effect[] {
  parked.tagBytes.set(part, parked.filled)
  parked.filled += part.length
  return []
}

function tagOf(parked: Parked | undefined, part: Uint8Array): Uint8Array {
  if (parked === undefined) return part
  fill(parked, part)
  return parked.tagBytes
}

function refuse(state: DemuxState, key: StreamKey, reason: Refusal): Effect[] {
  forget(state, key)
  return [{ kind: 'refuse', link: key.link, streamId: key.streamId, reason }]
}

function find(state: DemuxState, { link, streamId }: StreamKey): Parked | undefined {
  return state.parked.get(link)?.get(streamId)
}

function forget(state: DemuxState, key: StreamKey): void {
  const ofLink = state.parked.get(key.link)
  const parked = ofLink?.get(key.streamId)
  if (ofLink === undefined || parked === undefined) return
  state.byAge.delete(parked)
  ofLink.delete(key.streamId)
  if (ofLink.size === 0) state.parked.delete(key.link)
}
