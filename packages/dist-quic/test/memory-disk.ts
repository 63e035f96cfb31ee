/** A disk in memory for tests, whose files can be made unreadable and whose writes can be made to fail. */
import { dirname } from 'node:path'
import type { Disk } from '@barrel-actors/runtime'

export interface MemoryDisk extends Disk {
  readonly files: Map<string, Uint8Array>
  readonly modes: Map<string, number>
  /** Every path written, in order. */
  readonly written: string[]
  /** Reads of these paths fail. */
  readonly unreadable: Set<string>
  /** Writes and removals fail after this many: what a crash leaves is what is there then. */
  writesLeft: number
}

export function memoryDisk(): MemoryDisk {
  const disk: MemoryDisk = {
    files: new Map(),
    modes: new Map(),
    written: [],
    unreadable: new Set(),
    writesLeft: Number.POSITIVE_INFINITY,
    async read(path, bytesMax) {
      if (disk.unreadable.has(path)) throw new Error(`EACCES: permission denied, open '${path}'`)
      const bytes = disk.files.get(path)
      if (bytes !== undefined && bytes.length > bytesMax) throw new Error(`${path} is larger than ${bytesMax} bytes`)
      return bytes
    },
    async replace(path, bytes, mode = 0o600) {
      if (disk.writesLeft-- <= 0) throw new Error('ENOSPC: no space left on device')
      disk.files.set(path, Uint8Array.from(bytes))
      disk.modes.set(path, mode)
      disk.written.push(path)
    },
    async remove(path) {
      if (disk.writesLeft-- <= 0) throw new Error('EIO: i/o error, unlink')
      disk.files.delete(path)
    },
    lock: async () => ({ release: async () => {} }),
    async list(folder) {
      const names = [...disk.files.keys()].filter(path => dirname(path) === folder)
      return names.map(path => path.slice(folder.length + 1)).sort()
    },
  }
  return disk
}
