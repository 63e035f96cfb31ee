/**
 * Memory for bytes on their way out, in chunks of two sizes: a small one for the few bytes of a quiet
 * connection, large ones as soon as there is more. Emptied chunks are used again.
 */
import { limits } from './limits.ts'

export const smallChunkBytes: number = 8 * 1024
export const largeChunkBytes: number = 64 * 1024

/** Bytes `start` to `end` wait to be sent. */
export class Chunk {
  readonly buffer: Uint8Array
  start = 0
  end: number
  /** Whether its memory is somebody else's, who may want to know when it is empty. */
  readonly isForeign: boolean
  readonly taken: (() => void) | undefined

  private constructor(buffer: Uint8Array, end: number, isForeign: boolean, taken?: () => void) {
    this.buffer = buffer
    this.end = end
    this.isForeign = isForeign
    this.taken = taken
  }

  /** An empty one. */
  static make(bytes: number): Chunk {
    // Not from Node's shared pool: the native library is handed views of it.
    return new Chunk(Buffer.allocUnsafeSlow(bytes), 0, false)
  }

  /** A full one, of bytes that are somebody else's. */
  static of(bytes: Uint8Array, taken?: () => void): Chunk {
    return new Chunk(bytes, bytes.length, true, taken)
  }

  /** How many bytes may be added: none where it is full, as a foreign one always is. */
  get room(): number {
    return this.buffer.length - this.end
  }
}

export class ChunkPool {
  readonly #small: Chunk[] = []
  readonly #large: Chunk[] = []

  take(large: boolean): Chunk {
    return (large ? this.#large : this.#small).pop() ?? Chunk.make(large ? largeChunkBytes : smallChunkBytes)
  }

  /** It is empty. The caller keeps no reference to it. */
  give(chunk: Chunk): void {
    if (chunk.isForeign) return chunk.taken?.()
    const free = chunk.buffer.length === largeChunkBytes ? this.#large : this.#small
    if (free.length === limits.chunksFreeMax) return
    chunk.start = 0
    chunk.end = 0
    free.push(chunk)
  }
}
