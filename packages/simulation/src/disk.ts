import { dirname, normalize } from 'node:path'
import {
  type Clock,
  type Disk,
  type FileReaders,
  type FolderLock,
  type Random,
  systemClock,
} from '@barrel-actors/runtime'
import { drawDelay } from './delays.ts'
import { type DiskFaults, diskFaultsDefaults } from './disk-faults.ts'
import { seededRandom } from './random.ts'
import { happens } from './way.ts'

export type DiskOperation = keyof Disk

export interface MemoryDiskOptions {
  /** What slow operations wait for. Default: the machine's own time. */
  readonly clock?: Clock
  /** What faults are drawn from. Default: seed 1. */
  readonly random?: Random
  /** Is told what goes wrong, a line at a time. */
  readonly note?: (what: string) => void
}

interface MemoryFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

/** A `replace` that has not ended. */
interface Writing {
  readonly place: string
  readonly file: MemoryFile
}

const folderMode = 0o700

/**
 * Files in memory, kept when the node that wrote them is killed. It keeps the promises of `Disk` and nothing beyond
 * them: `crash` takes away whatever was not synced, and `faults` says what fails before.
 */
export class MemoryDisk implements Disk {
  readonly #clock: Clock
  readonly #random: Random
  readonly #note: (what: string) => void
  readonly #files = new Map<string, MemoryFile>()
  readonly #folders = new Set<string>()
  readonly #locks = new Map<string, { readonly holder: string }>()
  readonly #failures = new Map<DiskOperation, Error[]>()
  readonly #writing = new Set<Writing>()
  /** What a crash may bring back: the file as it was last synced; undefined where there was none. */
  readonly #unsynced = new Map<string, MemoryFile | undefined>()
  #crashes = 0
  #temporaries = 0
  /** Changes at any time; what is under way stays as it was drawn. */
  faults: DiskFaults = diskFaultsDefaults

  constructor({ clock = systemClock, random = seededRandom(1), note = () => {} }: MemoryDiskOptions = {}) {
    this.#clock = clock
    this.#random = random
    this.#note = note
  }

  async read(path: string, bytesMax: number, readers: FileReaders = 'anyone'): Promise<Uint8Array | undefined> {
    const passed = this.#passes()
    if (passed !== undefined) await passed
    this.#failIfTold('read')
    const file = this.#files.get(normalize(path))
    if (file === undefined) return undefined
    if (readers === 'owner' && (file.mode & 0o077) !== 0) throw errorOf('EPERM', `${path} is open to others`)
    if (file.bytes.length > bytesMax) throw errorOf('EFBIG', `${path} is larger than ${bytesMax} bytes`)
    return file.bytes.slice()
  }

  async replace(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
    const writing: Writing = { place: normalize(path), file: { bytes: bytes.slice(), mode } }
    const crashes = this.#crashes
    this.#writing.add(writing)
    const passed = this.#passes()
    if (passed !== undefined) await passed
    if (crashes !== this.#crashes) return never()
    this.#writing.delete(writing)
    this.#failIfTold('replace')
    this.#failIfFull(writing)
    this.#failIfUnsynced(writing)
    this.#put(writing.place, writing.file)
    for (const place of [...this.#unsynced.keys()]) {
      if (dirname(place) === dirname(writing.place)) this.#unsynced.delete(place)
    }
  }

  async remove(path: string): Promise<void> {
    const crashes = this.#crashes
    const passed = this.#passes()
    if (passed !== undefined) await passed
    if (crashes !== this.#crashes) return never()
    this.#failIfTold('remove')
    const place = normalize(path)
    if (!this.#files.has(place)) return
    this.#keepSynced(place)
    this.#files.delete(place)
  }

  async list(folder: string): Promise<string[]> {
    const passed = this.#passes()
    if (passed !== undefined) await passed
    this.#failIfTold('list')
    const start = normalize(`${folder}/`)
    const within = [...this.#files.keys(), ...this.#folders].filter(path => path.startsWith(start) && path !== start)
    return within
      .map(path => path.slice(start.length))
      .filter(name => name !== '' && !/[\\/]/.test(name))
      .sort()
  }

  async lock(folder: string, holder: string): Promise<FolderLock> {
    const place = normalize(folder)
    this.#failIfTold('lock')
    const held = this.#locks.get(place)
    if (held !== undefined) throw errorOf('EBUSY', `${held.holder} holds ${folder}`)
    const lock = { holder }
    this.#locks.set(place, lock)
    return {
      release: async () => {
        if (this.#locks.get(place) === lock) this.#locks.delete(place)
      },
    }
  }

  /** The mode of a file or a folder; undefined where there is none. */
  modeOf(path: string): number | undefined {
    const place = normalize(path)
    return this.#files.get(place)?.mode ?? (this.#folders.has(place) ? folderMode : undefined)
  }

  /** What all files take. */
  get bytesUsed(): number {
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** The next operation of that kind rejects with this error and changes nothing. Told twice, the next two do. */
  failNext(operation: DiskOperation, error: Error): void {
    const failures = this.#failures.get(operation) ?? []
    this.#failures.set(operation, [...failures, error])
  }

  /**
   * The power fails. A `replace` under way has happened or has not, and may leave a temporary file; what was not
   * synced may be as it was before. What `replace` has resolved for is there.
   */
  crash(): void {
    this.#crashes++
    this.#locks.clear()
    for (const { place, file } of this.#writing) {
      const isDone = happens(0.5, this.#random)
      this.#note(`crash: ${place}, being replaced, has the ${isDone ? 'new' : 'old'} bytes`)
      if (isDone) this.#put(place, file)
      else if (happens(this.faults.temporaryRate, this.#random)) this.#leaveTemporary(place, file)
    }
    this.#writing.clear()
    for (const [place, file] of this.#unsynced) {
      if (!happens(this.faults.lostRemovalRate, this.#random)) continue
      this.#note(`crash: ${place} is as it was when it was synced`)
      if (file === undefined) this.#files.delete(place)
      else this.#files.set(place, file)
    }
    this.#unsynced.clear()
  }

  /** Undefined where no time passes: then it has happened when it is asked for. */
  #passes(): Promise<void> | undefined {
    const ms = drawDelay(this.faults.delayMs, this.#random)
    if (ms <= 0) return undefined
    return new Promise(resolve => {
      this.#clock.setTimer(ms, resolve)
    })
  }

  #put(place: string, file: MemoryFile): void {
    for (let folder = dirname(place); !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder)
    this.#files.set(place, file)
  }

  /** Before it changes without a sync. */
  #keepSynced(place: string): void {
    if (!this.#unsynced.has(place)) this.#unsynced.set(place, this.#files.get(place))
  }

  #leaveTemporary(place: string, { bytes, mode }: MemoryFile): void {
    const written = Math.floor(this.#random.next() * (bytes.length + 1))
    this.#put(`${place}.crash-${++this.#temporaries}.tmp`, { bytes: bytes.slice(0, written), mode })
  }

  #failIfTold(operation: DiskOperation): void {
    const error = this.#failures.get(operation)?.shift()
    if (error !== undefined) throw error
  }

  #failIfFull({ place, file }: Writing): void {
    if (this.bytesUsed + file.bytes.length <= this.faults.bytesMax) return
    this.#note(`full: ${place} is not replaced`)
    throw errorOf('ENOSPC', `no space left on device, write '${place}'`)
  }

  #failIfUnsynced({ place, file }: Writing): void {
    if (!happens(this.faults.syncFailureRate, this.#random)) return
    const isRenamed = happens(0.5, this.#random)
    this.#note(`a sync fails: ${place} has the ${isRenamed ? 'new' : 'old'} bytes`)
    if (isRenamed) {
      this.#keepSynced(place)
      this.#put(place, file)
    }
    throw errorOf('EIO', `i/o error, fsync '${place}'`)
  }
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

/** What waits for a disk whose machine has crashed. */
function never(): Promise<never> {
  return new Promise(() => {})
}
