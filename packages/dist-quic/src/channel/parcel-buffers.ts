/**
 * Memory for large signals on their way out, used again: what is allocated for each anew costs the collector more than
 * everything else that is done with them.
 */
import { limits } from '../limits.ts'
import { release } from '../memory.ts'

const roundedBytes = 64 * 1024

export class ParcelBuffers {
  #free: Buffer[] = []
  #freeBytes = 0

  /** One of at least that many bytes, and of no more than twice as many. */
  take(bytes: number): Buffer {
    const at = this.#free.findLastIndex(({ length }) => length >= bytes && length <= 2 * bytes + roundedBytes)
    const [buffer] = at < 0 ? [] : this.#free.splice(at, 1)
    // Not from Node's shared pool: the native library is handed views of it.
    if (buffer === undefined) return Buffer.allocUnsafeSlow(Math.ceil(bytes / roundedBytes) * roundedBytes)
    this.#freeBytes -= buffer.length
    return buffer
  }

  /** The caller keeps no reference to it. The one used last is the first to be taken, the one unused longest goes. */
  give(buffer: Buffer): void {
    this.#free.push(buffer)
    this.#freeBytes += buffer.length
    while (this.#freeBytes > limits.parcelBytesFreeMax) this.#drop(this.#free.shift() as Buffer)
  }

  #drop(buffer: Buffer): void {
    this.#freeBytes -= buffer.length
    release(buffer)
  }
}
