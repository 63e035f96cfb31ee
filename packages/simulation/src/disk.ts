import { dirname, normalize } from 'node:path'
import type { Disk } from '@barrel-actors/runtime'

export type DiskOperation = keyof Disk

interface MemoryFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

const folderMode = 0o700

/** Files in memory, kept when the node that wrote them is killed. Operations fail when told to. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, MemoryFile>()
  readonly #folders = new Set<string>()
  readonly #failures = new Map<DiskOperation, Error[]>()

  async read(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
    this.#failIfTold('read')
    const file = this.#files.get(normalize(path))
    if (file === undefined) return undefined
    if (file.bytes.length > bytesMax) {
      throw Object.assign(new Error(`${path} is larger than ${bytesMax} bytes`), { code: 'EFBIG' })
    }
    return file.bytes.slice()
  }

  async replace(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
    this.#failIfTold('replace')
    const place = normalize(path)
    for (let folder = dirname(place); !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder)
    this.#files.set(place, { bytes: bytes.slice(), mode })
  }

  async remove(path: string): Promise<void> {
    this.#failIfTold('remove')
    this.#files.delete(normalize(path))
  }

  async list(folder: string): Promise<string[]> {
    this.#failIfTold('list')
    const start = normalize(`${folder}/`)
    const within = [...this.#files.keys(), ...this.#folders].filter(path => path.startsWith(start) && path !== start)
    return within
      .map(path => path.slice(start.length))
      .filter(name => name !== '' && !/[\\/]/.test(name))
      .sort()
  }

  /** The mode of a file or a folder; undefined where there is none. */
  modeOf(path: string): number | undefined {
    const place = normalize(path)
    return this.#files.get(place)?.mode ?? (this.#folders.has(place) ? folderMode : undefined)
  }

  /** The next operation of that kind rejects with this error and changes nothing. Told twice, the next two do. */
  failNext(operation: DiskOperation, error: Error): void {
    const failures = this.#failures.get(operation) ?? []
    this.#failures.set(operation, [...failures, error])
  }

  /** The power fails. Loses nothing so far: every `replace` that resolved is synced, and none is half-done. */
  crash(): void {}

  #failIfTold(operation: DiskOperation): void {
    const error = this.#failures.get(operation)?.shift()
    if (error !== undefined) throw error
  }
}
