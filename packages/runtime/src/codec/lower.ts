/**
 * From what users send to what msgpackr writes: checks the whole message and turns what MessagePack does not
 * know into marked arrays, `[C1, tag, …]`. Plain data comes back as it is, without a copy.
 *
 * MessagePack's own extension types are not used: msgpackr keeps them per OS process, so an application that
 * registers the same numbers would change our wire.
 */

import { C1 } from 'msgpackr'
import type { NodeLife } from '../carrier.ts'
import { BarrelError, runtimeError, textOf } from '../errors.ts'
import { limits } from '../limits.ts'
import { Pid } from '../pid.ts'
import { exportPid } from '../process/process.ts'
import { Ref } from '../ref.ts'
import { tag, typedArrayClasses } from './tags.ts'

/** Both ends of the channel: pids of either are written short. */
export interface Ends {
  readonly local: NodeLife
  readonly remote: NodeLife | undefined
}

/** What a number, a boolean or the head of anything takes at most. */
const scalarBytes = 9

type Path = (string | number)[]

// Those through which an object reaches what is shared; msgpackr reads the first as the second.
const refusedKeys = new Set(['__proto__', '__proto_', 'constructor', 'prototype'])
const refusedKeyLengthMin = 8

function isRefused(key: string): boolean {
  return key.length >= refusedKeyLengthMin && refusedKeys.has(key)
}

export class Lowering {
  readonly #ends: Ends
  readonly #path: Path = []
  /** About what has been lowered since `begin`, in bytes: text is counted in characters. */
  bytesAbout = 0

  constructor(ends: Ends) {
    this.#ends = ends
  }

  /** Another signal follows. */
  begin(): void {
    this.bytesAbout = 0
  }

  /** @throws E_MESSAGE_INVALID, naming the place */
  lower(value: unknown): unknown {
    try {
      return this.#lower(value, 0)
    } catch (error) {
      if (error instanceof BarrelError && error.code === 'E_MESSAGE_INVALID') throw error
      // A getter, a proxy, a buffer that was given away.
      throw this.#refuse('a value that throws when it is read', error)
    }
  }

  #lower(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.bytesAbout += value.length
        return value
      case 'boolean':
      case 'undefined':
        return value
      case 'number':
        // MessagePack's integers know no minus zero.
        return value === 0 && 1 / value < 0 ? [C1, tag.minusZero] : value
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        throw this.#refuse(`a ${typeof value}`)
    }
  }

  #object(value: object, depth: number): unknown {
    if (depth >= limits.messageDepthMax)
      throw this.#refuse(`data nested deeper than ${limits.messageDepthMax}, or a cycle,`)
    if (Array.isArray(value)) return this.#array(value, depth)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null)
      return this.#plain(value as Record<string, unknown>, depth)
    return this.#special(value, depth)
  }

  #array(array: unknown[], depth: number): unknown[] {
    this.bytesAbout += array.length * scalarBytes
    let lowered = array
    for (let index = 0; index < array.length; index++) {
      const child = array[index]
      const result = this.#child(child, index, depth)
      if (Object.is(result, child)) continue
      if (lowered === array) lowered = array.slice()
      lowered[index] = result
    }
    return lowered
  }

  #plain(object: Record<string, unknown>, depth: number): object {
    let lowered = object
    for (const key of Object.keys(object)) {
      this.bytesAbout += scalarBytes + key.length
      if (isRefused(key)) throw this.#refuse(`the key ${key}`)
      const child = object[key]
      const result = this.#child(child, key, depth)
      if (Object.is(result, child)) continue
      if (lowered === object) lowered = { ...object }
      lowered[key] = result
    }
    return lowered
  }

  #child(child: unknown, place: string | number, depth: number): unknown {
    if (typeof child === 'string') {
      this.bytesAbout += child.length
      return child
    }
    if (typeof child === 'number' && child !== 0) return child
    this.#path.push(place)
    const result = this.#lower(child, depth + 1)
    this.#path.pop()
    return result
  }

  #special(value: object, depth: number): unknown {
    if (value instanceof Pid) return this.#pid(value)
    if (value instanceof Ref) return this.#ref(value)
    if (value instanceof Map) return this.#map(value, depth)
    if (value instanceof Set) return [C1, tag.set, ...this.#array([...value], depth)]
    if (value instanceof Date) return [C1, tag.date, value.getTime()]
    if (value instanceof Error) return this.#error(value, depth)
    return this.#bytes(value) ?? this.#other(value)
  }

  #map(map: Map<unknown, unknown>, depth: number): Map<unknown, unknown> {
    this.bytesAbout += map.size * 2 * scalarBytes
    const lowered = new Map<unknown, unknown>()
    for (const [key, value] of map) lowered.set(this.#child(key, 'a key', depth), this.#child(value, 'a value', depth))
    return lowered
  }

  #pid(pid: Pid): unknown[] {
    const { local, remote } = this.#ends
    exportPid(pid)
    if (isOf(pid, local)) return [C1, tag.pidOfSender, pid.serial]
    if (isOf(pid, remote)) return [C1, tag.pidOfReceiver, pid.serial]
    return [C1, tag.pid, pid.node, pid.creation, pid.serial]
  }

  #ref(ref: Ref): unknown[] {
    return [C1, tag.ref, ref.node, ref.creation, ref.id]
  }

  #error(error: Error, depth: number): unknown[] {
    const code = error instanceof BarrelError ? error.code : (error as { code?: unknown }).code
    const stack = typeof error.stack === 'string' ? error.stack : undefined
    this.bytesAbout += (stack?.length ?? 0) + textOf(error.message).length
    const fields: unknown[] = [textOf(error.name), textOf(error.message), stack]
    fields.push(typeof code === 'string' ? code : undefined)
    if (error.cause !== undefined) fields.push(this.#child(error.cause, 'cause', depth))
    return [C1, tag.error, ...fields]
  }

  #bytes(value: object): unknown {
    if (!(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value)) return undefined
    this.bytesAbout += value.byteLength
    // One of no bytes may have been given away, which a view of it finds out.
    if (value.byteLength > 0 && value instanceof Uint8Array && value.constructor === Uint8Array) return value
    if (value instanceof ArrayBuffer) return [C1, tag.arrayBuffer, new Uint8Array(value)]
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    if (value instanceof Uint8Array) return bytes
    const type = typedArrayClasses.findIndex(typedArray => value instanceof typedArray)
    return type < 0 ? undefined : [C1, tag.typedArray, type, bytes]
  }

  #other(value: object): never {
    throw this.#refuse(`an instance of ${value.constructor?.name ?? 'a class'}`)
  }

  #bigint(value: bigint): unknown {
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return value
    const hex = (value < 0n ? -value : value).toString(16)
    if (hex.length > limits.bigintBytesMax * 2)
      throw this.#refuse(`a bigint of more than ${limits.bigintBytesMax} bytes`)
    return [C1, tag.bigint, value < 0n, hex]
  }

  #refuse(problem: string, cause?: unknown): BarrelError {
    const path = this.#path.length === 0 ? 'its root' : this.#path.join('.')
    this.#path.length = 0
    return runtimeError('E_MESSAGE_INVALID', { problem: `it holds ${problem}`, path }, cause)
  }
}

function isOf(pid: Pid, life: NodeLife | undefined): boolean {
  return life !== undefined && pid.creation === life.creation && pid.node === life.name
}
