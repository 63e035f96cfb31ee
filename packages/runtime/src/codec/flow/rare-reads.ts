/** Reads the values that few messages hold: bytes, bigints, pids and refs. */
import { type NodeName, nodeNameProblem } from '../../node-name.ts'
import type { Pid } from '../../pid.ts'
import { AliasRef, Ref } from '../../ref.ts'
import { heapEstimate } from '../heap-estimate.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import { elementBytes, typedArrayClasses } from '../typed-arrays.ts'
import { tag } from './tags.ts'
import type { ValueReader } from './value-reader.ts'

/** What that tag begins. @throws Malformed, OverBounds */
export function readRare(reader: ValueReader, head: number): unknown {
  switch (head) {
    case tag.bytes:
      return readBytes(reader)
    case tag.arrayBuffer:
      return readArrayBuffer(reader, heapEstimate.arrayBuffer)
    case tag.typedArray:
      return readTypedArray(reader)
    case tag.pidOfSender:
    case tag.pidOfReceiver:
    case tag.pid:
      return readPid(reader, head)
    case tag.ref:
      reader.charge(heapEstimate.ref)
      return new Ref(readNodeName(reader), reader.whole(), reader.whole())
    case tag.alias:
      reader.charge(heapEstimate.alias)
      return new AliasRef(readNodeName(reader), reader.whole(), reader.whole(), reader.wide())
    default:
      throw new Malformed('an unknown tag')
  }
}

/** V8 keeps so many bytes in the object itself. */
const heldInlineMax = 64

// A copy, where what is read is used again, or would keep much else in memory.
function readBytes(reader: ValueReader): Uint8Array {
  const length = reader.whole()
  reader.charge(heapEstimate.typedArray + length)
  if (length <= heldInlineMax) return reader.smallBlob(length)
  const view = reader.blob(length)
  const { ownedBytes } = reader.known
  if (ownedBytes === 0 || length < ownedBytes / 2) return new Uint8Array(view)
  return new Uint8Array(view.buffer, view.byteOffset, length)
}

function readArrayBuffer(reader: ValueReader, estimate: number): ArrayBuffer {
  const length = reader.whole()
  reader.charge(estimate + length)
  if (length <= heldInlineMax) return reader.smallBlob(length).buffer
  const { buffer, byteOffset } = reader.blob(length)
  return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer
}

function readTypedArray(reader: ValueReader): ArrayBufferView {
  const view = typedArrayClasses[reader.byte()]
  if (view === undefined) throw new Malformed('an unknown typed array')
  const buffer = readArrayBuffer(reader, heapEstimate.typedArray + heapEstimate.arrayBuffer)
  if (buffer.byteLength % elementBytes(view) !== 0) throw new Malformed('a typed array of a broken length')
  return Reflect.construct(view, [buffer])
}

function readPid(reader: ValueReader, head: number): Pid {
  const { source, peer } = reader.known
  reader.charge(heapEstimate.pid)
  switch (head) {
    case tag.pidOfSender:
      return source.pidOf(peer.name, peer.creation, reader.whole())
    case tag.pidOfReceiver:
      return source.pidOf(source.name, source.creation, reader.whole())
    default:
      return source.pidOf(readNodeName(reader), reader.whole(), reader.whole())
  }
}

/** The last one that was looked at: one message is likely to name few nodes. */
let knownNodeName: NodeName | undefined

function readNodeName(reader: ValueReader): NodeName {
  const name = reader.textOnly()
  if (name === knownNodeName) return name
  if (nodeNameProblem(name) !== undefined) throw new Malformed('a broken node name')
  knownNodeName = name
  return name
}

const lengthMask = 0x7f

export function readBigint(reader: ValueReader): bigint {
  const head = reader.byte()
  const length = head & lengthMask
  const { bigintBytesMax } = reader.known.bounds
  if (length > bigintBytesMax) throw new OverBounds(`a bigint of more than ${bigintBytesMax} bytes`)
  reader.charge(heapEstimate.bigint + length)
  const magnitude = magnitudeOf(reader.blob(length))
  return head > lengthMask ? -magnitude : magnitude
}

// The lowest byte comes first.
function magnitudeOf(bytes: Uint8Array): bigint {
  if (bytes.length <= 6) {
    let value = 0
    for (let place = bytes.length - 1; place >= 0; place--) value = value * 0x100 + (bytes[place] as number)
    return BigInt(value)
  }
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
