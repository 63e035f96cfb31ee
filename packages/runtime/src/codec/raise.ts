/**
 * From what msgpackr read to what users receive: checks the whole message, which may come from anyone, and gives
 * marked arrays their meaning back. Only plain data and the types of this runtime come to life.
 */

import { C1 } from 'msgpackr'
import type { NodeLife } from '../carrier.ts'
import { limits } from '../limits.ts'
import { type NodeName, nodeNameProblem } from '../node-name.ts'
import type { Pid } from '../pid.ts'
import { Ref } from '../ref.ts'
import { tag, typedArrayClasses } from './tags.ts'

/** Where pids that came over a channel find their way home. */
export interface PidSource {
  readonly name: NodeName
  readonly creation: number
  pidOf(node: NodeName, creation: number, serial: number): Pid
}

/** Thrown on anything that a correct sender would not have sent; caught by the decoder of the frame. */
export class WireError extends Error {}

export class Raising {
  readonly #source: PidSource
  readonly #peer: NodeLife

  /** The size of the buffer that is read, where the message may keep it; 0 where it is used again. */
  ownedBytes = 0

  constructor(source: PidSource, peer: NodeLife) {
    this.#source = source
    this.#peer = peer
  }

  raise(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) {
      if (typeof value === 'function' || typeof value === 'symbol') throw new WireError(`a ${typeof value}`)
      return value
    }
    if (depth >= limits.messageDepthMax + 2) throw new WireError('nested too deep')
    if (Array.isArray(value)) return value[0] === C1 ? this.#marked(value, depth) : this.#array(value, 0, depth)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return this.#plain(value as Record<string, unknown>, depth)
    if (value instanceof Uint8Array) return this.#bytes(value)
    if (prototype === Map.prototype) return this.#map(value as Map<unknown, unknown>, depth)
    throw new WireError('a type that is not on the wire')
  }

  // A copy, where what was read is a view of a buffer that is used again, or would keep much else in memory.
  #bytes(value: Uint8Array): Uint8Array {
    if (this.ownedBytes === 0 || value.length < this.ownedBytes / 2) return new Uint8Array(value)
    return new Uint8Array(value.buffer, value.byteOffset, value.length)
  }

  #array(array: unknown[], from: number, depth: number): unknown[] {
    for (let index = from; index < array.length; index++) array[index] = this.raise(array[index], depth + 1)
    return array
  }

  #plain(object: Record<string, unknown>, depth: number): object {
    for (const key of Object.keys(object)) {
      // msgpackr reads `__proto__` as `__proto_`.
      if (key === 'constructor' || key === 'prototype' || key === '__proto_') throw new WireError(`the key ${key}`)
      const child = object[key]
      if (typeof child === 'object') object[key] = this.raise(child, depth + 1)
    }
    return object
  }

  #map(map: Map<unknown, unknown>, depth: number): Map<unknown, unknown> {
    const raised = new Map<unknown, unknown>()
    for (const [key, value] of map) raised.set(this.raise(key, depth + 1), this.raise(value, depth + 1))
    return raised
  }

  #marked(array: unknown[], depth: number): unknown {
    const [, kind, ...fields] = array
    switch (kind) {
      case tag.pidOfSender:
        return this.#source.pidOf(this.#peer.name, this.#peer.creation, whole(fields[0]))
      case tag.pidOfReceiver:
        return this.#source.pidOf(this.#source.name, this.#source.creation, whole(fields[0]))
      case tag.pid:
        return this.#source.pidOf(nodeName(fields[0]), whole(fields[1]), whole(fields[2]))
      case tag.ref:
        return new Ref(nodeName(fields[0]), whole(fields[1]), whole(fields[2]))
      case tag.set:
        return new Set(this.#array(fields, 0, depth))
      case tag.error:
        return this.#error(fields, depth)
      default:
        return scalar(kind, fields)
    }
  }

  #error(fields: unknown[], depth: number): Error {
    const [name, message, stack, code] = fields
    if (typeof name !== 'string' || typeof message !== 'string') throw new WireError('an error without a name')
    const error = new Error(message, fields.length > 4 ? { cause: this.raise(fields[4], depth + 1) } : undefined)
    error.name = name
    error.stack = typeof stack === 'string' ? stack : `${name}: ${message}`
    return typeof code === 'string' ? Object.assign(error, { code }) : error
  }
}

function scalar(kind: unknown, fields: unknown[]): unknown {
  switch (kind) {
    case tag.date:
      if (typeof fields[0] !== 'number') throw new WireError('a date that is no number')
      return new Date(fields[0])
    case tag.arrayBuffer:
      return new Uint8Array(bytes(fields[0])).buffer
    case tag.typedArray:
      return typedArray(fields[0], bytes(fields[1]))
    case tag.bigint:
      return bigint(fields[0], fields[1])
    case tag.minusZero:
      return -0
    default:
      throw new WireError('an unknown tag')
  }
}

function typedArray(type: unknown, data: Uint8Array): ArrayBufferView {
  const view = typedArrayClasses[whole(type)]
  if (view === undefined) throw new WireError('an unknown typed array')
  const size = 'BYTES_PER_ELEMENT' in view ? view.BYTES_PER_ELEMENT : 1
  if (data.length % size !== 0) throw new WireError('a typed array of a broken length')
  return Reflect.construct(view, [new Uint8Array(data).buffer])
}

function bigint(negative: unknown, hex: unknown): bigint {
  if (typeof hex !== 'string' || hex.length > limits.bigintBytesMax * 2 || !/^[0-9a-f]+$/.test(hex)) {
    throw new WireError('a broken bigint')
  }
  return negative === true ? -BigInt(`0x${hex}`) : BigInt(`0x${hex}`)
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new WireError('bytes that are none')
  return value
}

/** A number that can stand in a pid, a ref or a place. */
export function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new WireError('a broken number')
  return value
}

function nodeName(value: unknown): NodeName {
  if (nodeNameProblem(value) !== undefined) throw new WireError('a broken node name')
  return value as NodeName
}
