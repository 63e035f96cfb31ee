/**
 * What Plumtree's peers say to each other. A message's identity is its origin, the origin's creation and a sequence
 * number that begins at 1 with every creation and has no holes.
 */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

/** A run of messages of one life of an origin, both ends included. */
export interface MessageRange {
  readonly origin: NodeName
  readonly creation: number
  readonly from: number
  readonly to: number
}

/** What the announcer has delivered; `round` is what the payload of `to` would carry if the announcer sent it. */
export interface AnnouncedRange extends MessageRange {
  readonly round: number
}

/** What is missing; of an origin as many are wanted, the lowest first, as the asker has room to hold. */
export interface WantedRange extends MessageRange {
  readonly room: number
}

/** The payload, pushed along the tree or sent because it was asked for. */
export interface Gossip {
  readonly kind: 'gossip'
  readonly origin: NodeName
  readonly creation: number
  readonly sequence: number
  /** How many times it was sent to get here: 1 when it comes from its origin. */
  readonly round: number
  readonly tag: string
  /** Kept as it is until the cache lets go of it: nobody else may change it, nor should it be a view of a far larger buffer. */
  readonly payload: Uint8Array
}

export interface Ihave {
  readonly kind: 'ihave'
  readonly ranges: readonly AnnouncedRange[]
}

/** "Send me these, and push to me from now on." Without ranges only the second. */
export interface Graft {
  readonly kind: 'graft'
  readonly ranges: readonly WantedRange[]
}

/** "Announce to me only: what you push I have already." */
export interface Prune {
  readonly kind: 'prune'
}

type Fields = Partial<Record<string, unknown>>

export type PlumtreeMessage = Gossip | Ihave | Graft | Prune

/**
 * The message itself, or what is wrong with it. Whether the name of an origin is one is looked at where a record of it
 * would be made, not here for every message.
 */
export function checkMessage(value: unknown): PlumtreeMessage | string {
  if (typeof value !== 'object' || value === null) return 'it is no object'
  const message = value as Fields
  switch (message['kind']) {
    case 'gossip':
      return gossipProblem(message) ?? (value as Gossip)
    case 'ihave':
      return rangesProblem(message['ranges'], 1, announcedProblem) ?? (value as Ihave)
    case 'graft':
      return rangesProblem(message['ranges'], 0, wantedProblem) ?? (value as Graft)
    case 'prune':
      return value as Prune
    default:
      return 'its kind is unknown'
  }
}

function gossipProblem(message: Fields): string | undefined {
  const { tag, payload } = message
  if (!isName(message['origin'])) return 'its origin is no name'
  if (!isCreation(message['creation'])) return 'its creation is no number that a creation can be'
  if (!isSequence(message['sequence'])) return 'its sequence is no number that a sequence can be'
  if (!isRound(message['round'])) return 'its round is out of range'
  if (typeof tag !== 'string' || tag.length > limits.tagCharactersMax) return 'its tag is no string, or too long'
  if (!(payload instanceof Uint8Array)) return 'its payload is not bytes'
  if (payload.byteLength > limits.payloadBytesMax) return 'its payload is too large'
  return undefined
}

function rangesProblem(
  ranges: unknown,
  countMin: number,
  problemOf: (range: Fields) => string | undefined,
): string | undefined {
  if (!Array.isArray(ranges)) return 'its ranges are no list'
  if (ranges.length < countMin || ranges.length > limits.rangesPerMessageMax) return 'it has too few or too many ranges'
  for (let index = 0; index < ranges.length; index++) {
    const problem = rangeProblem(ranges[index]) ?? problemOf(ranges[index])
    if (problem !== undefined) return problem
  }
  return undefined
}

function rangeProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'a range is no object'
  const range = value as Fields
  if (!isName(range['origin'])) return 'the origin of a range is no name'
  if (!isCreation(range['creation'])) return 'the creation of a range is no number that a creation can be'
  if (!isSequence(range['from']) || !isSequence(range['to'])) return 'an end of a range is no sequence'
  if ((range['from'] as number) > (range['to'] as number)) return 'a range ends before it begins'
  return undefined
}

function announcedProblem({ round }: Fields): string | undefined {
  return isRound(round) ? undefined : 'the round of a range is out of range'
}

function wantedProblem({ room }: Fields): string | undefined {
  return isSequence(room) ? undefined : 'the room for a range is no number of messages'
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= limits.originCharactersMax
}

function isCreation(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isSequence(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isRound(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= limits.roundMax
}
