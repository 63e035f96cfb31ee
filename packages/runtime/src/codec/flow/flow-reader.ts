/**
 * Reads texts and shapes of one flow, by their numbers where they have some, and reads over values. Each bound is
 * looked at before anything is made.
 */
import type { NodeLife } from '../../carrier.ts'
import { aliasKeyBytes } from '../../ref.ts'
import type { MessageBounds } from '../bounds.ts'
import { heapEstimate } from '../heap-estimate.ts'
import type { PidSource } from '../pid-source.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import { ByteReader } from './byte-reader.ts'
import { flowLimits } from './flow-limits.ts'
import type { KnownShape, KnownShapes } from './known-shapes.ts'
import type { KnownTexts } from './known-texts.ts'
import { tag } from './tags.ts'

// Constants of this module, which the compiler of V8 knows; it looks up those of another one each time.
const {
  shortText: shortTextTag,
  knownText: knownTextTag,
  newText: newTextTag,
  latin1Text: latin1TextTag,
  utf16Text: utf16TextTag,
  utf8Text: utf8TextTag,
  int16: int16Tag,
  int32: int32Tag,
  float64: float64Tag,
  bigint: bigintTag,
  shortArray: shortArrayTag,
  shortRecord: shortRecordTag,
  record: recordTag,
  newShape: newShapeTag,
  object: objectTag,
  array: arrayTag,
  set: setTag,
  map: mapTag,
  date: dateTag,
  error: errorTag,
  errorWithoutCause: errorWithoutCauseTag,
  bytes: bytesTag,
  arrayBuffer: arrayBufferTag,
  typedArray: typedArrayTag,
  pidOfSender: pidOfSenderTag,
  pid: pidTag,
  alias: aliasTag,
} = tag
const { text: textHeap } = heapEstimate

/** One flow: its ends, what may come in, and what has. */
export interface Known {
  readonly source: PidSource
  readonly peer: NodeLife
  readonly bounds: MessageBounds
  readonly texts: KnownTexts
  readonly shapes: KnownShapes
  /** The size of the buffer that is read, where what comes out may keep it; 0 where it is used again. */
  readonly ownedBytes: number
}

export class FlowReader extends ByteReader {
  known!: Known
  /** About what the message takes on the heap. */
  heapBytes = 0
  #heapBytesMax = 0

  /** A signal begins: its head is as long as it is. */
  beginSignal(bytes: Uint8Array, start: number, end: number): void {
    this.begin(bytes, start, end)
    this.heapBytes = 0
    this.#heapBytesMax = Number.POSITIVE_INFINITY
  }

  /** A message follows, which ends where the bytes do. */
  protected beginMessage(known: Known): void {
    const { heapPerByteMax, heapBytesFree } = known.bounds
    this.known = known
    this.heapBytes = 0
    this.#heapBytesMax = heapPerByteMax * (this.end - this.at) + heapBytesFree
  }

  /** So much more is about to be made. @throws OverBounds */
  charge(bytes: number): void {
    this.heapBytes += bytes
    if (this.heapBytes > this.#heapBytesMax) throw new OverBounds('more on the heap than its bytes allow')
  }

  /** What that tag begins. @throws Malformed */
  protected text(head: number): string {
    if (head < knownTextTag) {
      this.heapBytes += textHeap + head - shortTextTag
      return this.latin1(head - shortTextTag)
    }
    if (head !== newTextTag) return this.#longText(head)
    const text = this.plainText()
    this.known.texts.define(text)
    return text
  }

  #longText(head: number): string {
    const length = this.whole()
    const width = head === latin1TextTag ? 1 : 2
    this.charge(textHeap + width * length)
    switch (head) {
      case latin1TextTag:
        return this.latin1(length)
      case utf16TextTag:
        return this.utf16(length)
      case utf8TextTag:
        return this.utf8(length)
      default:
        throw new Malformed('something else in the place of a text')
    }
  }

  /** A text where nothing else can stand: a key, the name of a node. @throws Malformed */
  textOnly(): string {
    const head = this.byte()
    if (head >= knownTextTag && head < newTextTag) {
      return this.known.texts.find(((head - knownTextTag) << 8) | this.byte())
    }
    if (head < shortTextTag || head > utf8TextTag) throw new Malformed('something else in the place of a text')
    return this.text(head)
  }

  /** A text that is written out. @throws Malformed */
  plainText(): string {
    const head = this.byte()
    const isPlain = (head >= shortTextTag && head < knownTextTag) || (head > newTextTag && head <= utf8TextTag)
    if (!isPlain) throw new Malformed('something else in the place of a text')
    return this.text(head)
  }

  /** Reads over the one value that follows, and keeps of it what it defines. @throws Malformed */
  skip(): void {
    this.#heapBytesMax = Number.POSITIVE_INFINITY
    for (let left = 1; left > 0; left--) left += this.#skipOne(this.byte())
  }

  /** How many values are in it. */
  #skipOne(head: number): number {
    if (head < shortTextTag) return 0
    if (head < knownTextTag) return this.#over(head - shortTextTag)
    if (head < newTextTag) return this.#over(1)
    if (head === newTextTag) {
      this.text(head)
      return 0
    }
    if (head < shortArrayTag) return this.#skipScalar(head)
    if (head < shortRecordTag) return head - shortArrayTag
    if (head < recordTag) return this.known.shapes.find(head - shortRecordTag).keys.length
    return this.#skipContainer(head)
  }

  #skipScalar(head: number): number {
    switch (head) {
      case latin1TextTag:
      case utf8TextTag:
        return this.#over(this.whole())
      case utf16TextTag:
        return this.#over(2 * this.whole())
      case int16Tag:
        return this.#over(2)
      case int32Tag:
        return this.#over(4)
      case float64Tag:
        return this.#over(8)
      case bigintTag:
        return this.#over(this.byte() & 0x7f)
      default:
        return 0
    }
  }

  #skipContainer(head: number): number {
    switch (head) {
      case recordTag:
        return this.known.shapes.find(this.byte()).keys.length
      case newShapeTag:
        return this.newShape().keys.length
      case arrayTag:
      case setTag:
        return this.whole()
      case objectTag:
      case mapTag:
        return 2 * this.whole()
      case errorTag:
        return 5
      case errorWithoutCauseTag:
        return 4
      case dateTag:
        return this.#over(8)
      case bytesTag:
      case arrayBufferTag:
        return this.#over(this.whole())
      case typedArrayTag:
        this.byte()
        return this.#over(this.whole())
      default:
        return this.#skipAddress(head)
    }
  }

  #skipAddress(head: number): number {
    if (head < pidOfSenderTag || head > aliasTag) throw new Malformed('an unknown tag')
    if (head >= pidTag) {
      this.textOnly()
      this.whole()
    }
    this.whole()
    return head === aliasTag ? this.#over(aliasKeyBytes) : 0
  }

  #over(bytes: number): number {
    this.at = this.endOf(bytes)
    return 0
  }

  /** The keys of a shape, which takes the next number. @throws Malformed */
  newShape(): KnownShape {
    const count = this.byte()
    if (count > flowLimits.shapeKeysMax) throw new Malformed('a shape with too many keys')
    const keys: string[] = []
    for (let place = 0; place < count; place++) keys.push(this.textOnly())
    return this.known.shapes.define(keys)
  }
}
