/** The values that few messages hold: bytes, bigints, errors, pids and refs. */

import type { NodeLife } from '../../carrier.ts'
import { BarrelError, textOf } from '../../errors.ts'
import { nodeNameProblem } from '../../node-name.ts'
import type { Pid } from '../../pid.ts'
import { exportPid } from '../../process/process.ts'
import { AliasRef, type Ref } from '../../ref.ts'
import { heapEstimate } from '../heap-estimate.ts'
import { Unsendable } from '../refusals.ts'
import { typedArrayClasses } from '../typed-arrays.ts'
import { tag } from './tags.ts'
import type { ValueWriter } from './value-writer.ts'

export function writeBigint(writer: ValueWriter, value: bigint): void {
  const { bigintBytesMax } = writer.sent.bounds
  const isNegative = value < 0n
  let hex = (isNegative ? -value : value).toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const magnitude = Buffer.from(hex, 'hex').reverse()
  if (magnitude.length > bigintBytesMax) throw new Unsendable(`a bigint of more than ${bigintBytesMax} bytes`)
  writer.heapBytes += heapEstimate.bigint + magnitude.length
  writer.byte(tag.bigint)
  writer.byte((isNegative ? 0x80 : 0) | magnitude.length)
  writer.blob(magnitude)
}

/** Bytes in any of their classes. */
export function writeBytes(writer: ValueWriter, value: object): void {
  if (value instanceof ArrayBuffer) return writeArrayBuffer(writer, value)
  if (!ArrayBuffer.isView(value)) throw new Unsendable(`an instance of ${value.constructor?.name ?? 'a class'}`)
  // One of no bytes may have been given away, which a view of it finds out.
  const bytes = isPlain(value) ? value : bytesOf(value)
  writer.heapBytes += heapEstimate.typedArray + bytes.length
  if (value instanceof Uint8Array) writer.byte(tag.bytes)
  else {
    const type = typedArrayClasses.findIndex(typedArray => value instanceof typedArray)
    writer.heapBytes += heapEstimate.arrayBuffer
    if (type < 0) throw new Unsendable(`an instance of ${value.constructor?.name ?? 'a class'}`)
    writer.byte(tag.typedArray)
    writer.byte(type)
  }
  writer.whole(bytes.length)
  writer.blob(bytes)
}

/** Whether it is a `Uint8Array` that has bytes, and as many as it says. */
function isPlain(view: ArrayBufferView): view is Uint8Array {
  return view instanceof Uint8Array && view.length > 0 && view.length === lengthOf.call(view)
}

// A class of the user may say something else of its length.
function bytesOf(view: ArrayBufferView): Uint8Array {
  if (view instanceof DataView) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return new Uint8Array(bufferOf.call(view), byteOffsetOf.call(view), byteLengthOf.call(view))
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype)
const getterOf = (name: string) => Object.getOwnPropertyDescriptor(typedArray, name)?.get as () => never
const [lengthOf, bufferOf] = [getterOf('length'), getterOf('buffer')]
const [byteOffsetOf, byteLengthOf] = [getterOf('byteOffset'), getterOf('byteLength')]

function writeArrayBuffer(writer: ValueWriter, buffer: ArrayBuffer): void {
  const bytes = new Uint8Array(buffer)
  writer.heapBytes += heapEstimate.arrayBuffer + bytes.length
  writer.byte(tag.arrayBuffer)
  writer.whole(bytes.length)
  writer.blob(bytes)
}

export function writeError(writer: ValueWriter, error: Error, depth: number): void {
  const code = error instanceof BarrelError ? error.code : (error as { code?: unknown }).code
  const { name, message, stack, cause } = error
  writer.heapBytes += heapEstimate.error
  writer.count(cause === undefined ? 4 : 5)
  writer.byte(cause === undefined ? tag.errorWithoutCause : tag.error)
  for (const text of [textOf(name), textOf(message), stack, code]) {
    writer.value(typeof text === 'string' ? text : undefined, depth)
  }
  if (cause !== undefined) writer.child(cause, 'cause', depth)
}

export function writePid(writer: ValueWriter, pid: Pid): void {
  const { local, remote } = writer.sent
  exportPid(pid)
  writer.heapBytes += heapEstimate.pid
  if (isOf(pid, local)) writer.byte(tag.pidOfSender)
  else if (isOf(pid, remote)) writer.byte(tag.pidOfReceiver)
  else {
    checkAddress(pid.node, pid.creation, pid.serial)
    writer.byte(tag.pid)
    writer.knownText(pid.node)
    writer.whole(pid.creation)
  }
  writer.whole(pid.serial)
}

export function writeRef(writer: ValueWriter, ref: Ref): void {
  const isAlias = ref instanceof AliasRef
  writer.heapBytes += isAlias ? heapEstimate.alias : heapEstimate.ref
  checkAddress(ref.node, ref.creation, ref.id)
  writer.byte(isAlias ? tag.alias : tag.ref)
  writer.knownText(ref.node)
  writer.whole(ref.creation)
  writer.whole(ref.id)
  if (isAlias) writer.wide(AliasRef.exportKey(ref))
}

// Their constructors are nobody's to call, and can be called all the same.
function checkAddress(node: unknown, ...numbers: number[]): void {
  const isMade =
    nodeNameProblem(node) === undefined && numbers.every(number => Number.isSafeInteger(number) && number >= 0)
  if (!isMade) throw new Unsendable('a pid or a ref that no node has made')
}

function isOf(pid: Pid, life: NodeLife | undefined): boolean {
  return life !== undefined && pid.creation === life.creation && pid.node === life.name
}
