/** Bounds on the cost of decoding one message. */

import { runtimeError } from '../errors.ts'
import { givenOptions, unknownOption } from '../given-options.ts'

/** Each bound holds for one message. A node sends what the defaults allow, or its own bounds where they allow more. */
export interface MessageBounds {
  /** Values in it: every element, field, key of a map and the containers themselves. Default 100,000. */
  readonly nodesMax: number
  /** Containers within each other. Default and greatest value 64. */
  readonly depthMax: number
  /** Entries of one `Map` or `Set`. Default 65,536. */
  readonly entriesMax: number
  /** Bytes of a key of an object, and of a text that is a key of a `Map` or in a `Set`. Default and greatest value 16,383. */
  readonly keyBytesMax: number
  /** Bytes of a bigint, without its sign. Default and greatest value 64. */
  readonly bigintBytesMax: number
  /** Its estimated size on the heap may be so many times its bytes. Default 8. */
  readonly heapPerByteMax: number
  /** And so many bytes beside them. Default 1 MiB. */
  readonly heapBytesFree: number
}

export const messageBoundsDefaults: MessageBounds = {
  nodesMax: 100_000, // RELIABILITY of JSON APIs: more is bulk, which belongs into bytes or a user stream
  depthMax: 64, // chosen: data that people write is nested less than ten deep
  entriesMax: 65_536, // chosen with nodesMax: filling one takes about 10 ms
  keyBytesMax: 16_383, // V8 hashes longer texts by their length alone, so that they collide
  bigintBytesMax: 64, // chosen: keys and hashes of 512 bits
  heapPerByteMax: 8, // chosen: rows of small fields take five to seven times their bytes
  heapBytesFree: 1024 * 1024, // chosen: for small messages the factor says nothing
}

/** Bounds that are part of the format cannot be raised. */
const fixed: Partial<Record<keyof MessageBounds, number>> = {
  depthMax: 64,
  keyBytesMax: 16_383,
  bigintBytesMax: 64,
}

/** @throws E_OPTION_INVALID */
export function messageBoundsOf(given: Partial<MessageBounds> | undefined): MessageBounds {
  const bounds: Record<string, number> = { ...messageBoundsDefaults }
  const unknown = unknownOption(given ?? {}, Object.keys(messageBoundsDefaults))
  if (unknown !== undefined) throw invalid(unknown.option, unknown.problem)
  for (const [option, value] of Object.entries(givenOptions(given ?? {}))) {
    const most = fixed[option as keyof MessageBounds] ?? Number.MAX_SAFE_INTEGER
    if (!Number.isSafeInteger(value) || value < 1 || value > most) {
      throw invalid(option, `it is not a whole number from 1 to ${most}`)
    }
    bounds[option] = value
  }
  return bounds as unknown as MessageBounds
}

/** The bounds on what a node sends: the defaults of a receiver, or its own bounds where they are wider. */
export function sendingBoundsOf(own: MessageBounds): MessageBounds {
  const wider = { ...own } as Record<string, number>
  for (const [bound, value] of Object.entries(messageBoundsDefaults)) {
    wider[bound] = Math.max(value, wider[bound] as number)
  }
  return wider as unknown as MessageBounds
}

function invalid(option: string, problem: string): Error {
  return runtimeError('E_OPTION_INVALID', { option: `messageBounds.${option}`, problem })
}
