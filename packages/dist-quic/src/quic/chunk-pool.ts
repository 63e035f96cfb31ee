/**
 * Memory for bytes on their way out, in chunks of two sizes: a small one for the few bytes of a quiet
 * connection, large ones as soon as there is more. Emptied chunks are used again.
 */
import { limits } from './limits.ts'

export const smallChunkBytes: number = 8 * 1024
export const largeChunkBytes: number = 64 * 1024

/** Bytes `start` to `end` wait to be sent. */
export interface Chunk {
  readonly buffer: Buffer
  start: number
  end: number
}

export class ChunkPool {
  readonly #small: Chunk[] = []
  readonly #large: Chunk[] = []

  take(large: boolean): Chunk {
    const chunk = (large ? this.#large : this.#small).pop()
    // Not from Node's shared pool: the native library is handed views of it.
    return chunk ?? { buffer: Buffer.allocUnsafeSlow(large ? largeChunkBytes : smallChunkBytes), start: 0, end: 0 }
  }

  /** The caller keeps no reference to it. */
  give(chunk: Chunk): void {
    const free = chunk.buffer.length === largeChunkBytes ? this.#large : this.#small
    if (free.length === limits.chunksFreeMax) return
    chunk.start = 0
    chunk.end = 0
    free.push(chunk)
  }
}
