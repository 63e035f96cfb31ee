/**
 * A folder that the nodes share, with a file for each: its owner writes it again and again while it lives, and removes
 * it when it stops. A file that nobody writes any more is ignored, and some time later collected.
 */
import { join } from 'node:path'
import { checkNodeName, type Endpoint, type NodeName, type Timer } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { DiscoveryBackend, DiscoveryFactory, DiscoverySeams, KnownNode } from './backend.ts'
import { isOnLoopback } from './endpoint-check.ts'
import {
  decodeEntry,
  type Entry,
  encodeEntry,
  endpointsProblem,
  fileNameOf,
  fileNamePattern,
  leftoverPattern,
} from './endpoint-file.ts'
import { FaultyFiles } from './faulty-files.ts'
import { invalid, milliseconds, type Rule, resolveOptions } from './options.ts'
import { problemOf, SeldomLog } from './seldom-log.ts'
import { StaleFiles } from './stale-files.ts'

export interface SharedDirectoryOptions {
  /** The folder. It is made, for this user alone, where there is none. */
  readonly folder: string
  /** Files of other clusters are left alone. Default `barrel`. */
  readonly cluster?: string
  /** How often a node writes its file again. Default 30,000 ms. */
  readonly refreshMs?: number
  /** A file that was written longer ago, or that far in the future, is ignored. Default 120,000 ms. */
  readonly staleMs?: number
  /** How often a node that is registered looks for files to collect. Default 600,000 ms. */
  readonly collectMs?: number
}

type Defaults = Omit<Required<SharedDirectoryOptions>, 'folder'>

export const sharedDirectoryDefaults = {
  cluster: 'barrel', // the project's name: one cluster a folder is the common case
  refreshMs: 30_000, // chosen: one synced write a node in 30 s is nothing to a file server
  staleMs: 120_000, // four refreshes: three may fail
  collectMs: 600_000, // chosen: a stale file costs one read, a look at all files costs as many as there are nodes
} as const satisfies Defaults

const name = 'directory'

/** Files hold nothing secret; who may enter the folder may read them. */
const fileMode = 0o644

const clusterRule: Rule = [
  value => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
  '1 to 64 letters, digits, dots, hyphens and underscores',
]

/**
 * A folder of endpoint files.
 * @throws E_DISCOVERY_INVALID
 */
export function sharedDirectory(options: SharedDirectoryOptions): DiscoveryFactory {
  const resolved = resolveOptions<Defaults, SharedDirectoryOptions>(name, options, sharedDirectoryDefaults, {
    folder: [value => typeof value === 'string' && value !== '', 'the path of a folder'],
    cluster: clusterRule,
    refreshMs: milliseconds,
    staleMs: milliseconds,
    collectMs: milliseconds,
  })
  if (resolved.folder === undefined) throw invalid(name, 'the option folder is missing')
  if (resolved.staleMs < 2 * resolved.refreshMs) throw invalid(name, 'staleMs is less than two times refreshMs')
  return seams => new SharedDirectory(seams, resolved)
}

/** What this node has in the folder. */
interface Own {
  endpoints: readonly Endpoint[]
  /** Undefined until it could be written. */
  written: Uint8Array | undefined
}

export class SharedDirectory implements DiscoveryBackend {
  readonly name = name
  readonly #seams: DiscoverySeams
  readonly #options: Required<SharedDirectoryOptions>
  readonly #onLoopback: boolean
  readonly #log: SeldomLog
  readonly #faulty: FaultyFiles
  readonly #stale: StaleFiles
  readonly #own = new Map<NodeName, Own>()
  /** Writes and removals one after another: what was asked last is what stays. */
  #changes: Promise<unknown> = Promise.resolve()
  #changesCount = 0
  #timer: Timer | undefined
  #collectedAtMs = 0
  #listFrom = 0

  /** @internal See {@link sharedDirectory}. */
  constructor(seams: DiscoverySeams, options: Required<SharedDirectoryOptions>) {
    this.#seams = seams
    this.#options = options
    this.#onLoopback = isOnLoopback(seams)
    this.#log = new SeldomLog(seams)
    this.#faulty = new FaultyFiles(seams.log)
    this.#stale = new StaleFiles(seams.clock, options.staleMs)
  }

  /** How often a file was passed over because something was wrong with it. */
  get skipped(): number {
    return this.#faulty.count
  }

  /** How many stale files this node has removed. */
  get collected(): number {
    return this.#stale.collected
  }

  async resolve(node: NodeName): Promise<readonly Endpoint[] | undefined> {
    const entry = await this.#read(fileNameOf(this.#options.cluster, node))
    return entry === undefined || this.#isStale(entry) ? undefined : entry.endpoints
  }

  /** @throws E_DISCOVERY_INVALID, E_NODE_NAME_INVALID; the disk's own error, after which it is tried again in time. */
  async register(node: NodeName, endpoints: readonly Endpoint[]): Promise<void> {
    checkNodeName(node)
    const problem = endpointsProblem(node, endpoints, this.#onLoopback)
    if (problem !== undefined) throw invalid(name, `${node} cannot be registered: ${problem}`)
    const known = this.#own.get(node)
    if (known === undefined) this.#own.set(node, { endpoints: [...endpoints], written: undefined })
    else known.endpoints = [...endpoints]
    if (this.#timer === undefined) {
      this.#collectedAtMs = this.#seams.clock.now()
      this.#arm()
    }
    await this.#change(() => this.#write(node))
  }

  /** @throws the disk's own error; others collect the file then */
  async unregister(node: NodeName): Promise<void> {
    const own = this.#own.get(node)
    if (own === undefined) return
    this.#own.delete(node)
    if (this.#own.size === 0) {
      this.#timer?.cancel()
      this.#timer = undefined
    }
    // In turn: a write that is under way would bring the file back.
    await this.#change(() => this.#removeOwn(node, own))
  }

  async list(): Promise<readonly KnownNode[]> {
    const entries = await this.#readAll()
    return entries.map(({ node, endpoints }) => ({ node, endpoints }))
  }

  #arm(): void {
    this.#timer = this.#seams.clock.setTimer(this.#options.refreshMs, () => this.#refresh())
  }

  #refresh(): void {
    this.#arm()
    // A disk that hangs is not given more to do.
    if (this.#changesCount > 0) return
    for (const node of this.#own.keys()) {
      this.#change(() => this.#write(node)).catch(error => this.#tell('discovery file not written', error))
    }
    const now = this.#seams.clock.now()
    if (now - this.#collectedAtMs < this.#options.collectMs) return
    this.#collectedAtMs = now
    this.#readAll().catch(error => this.#tell('discovery folder not readable', error))
  }

  async #write(node: NodeName): Promise<void> {
    const own = this.#own.get(node)
    if (own === undefined) return
    const { folder, cluster } = this.#options
    const bytes = encodeEntry(cluster, { node, endpoints: own.endpoints, writtenAtMs: this.#seams.clock.wall() })
    await this.#seams.disk.replace(join(folder, fileNameOf(cluster, node)), bytes, fileMode)
    own.written = bytes
  }

  // What a later life of the node has written in the meantime is not ours to remove.
  async #removeOwn(node: NodeName, { written }: Own): Promise<void> {
    if (written === undefined || this.#own.has(node)) return
    const path = join(this.#options.folder, fileNameOf(this.#options.cluster, node))
    const there = await this.#seams.disk.read(path, limits.endpointFileBytesMax)
    if (there !== undefined && Buffer.compare(there, written) === 0) await this.#seams.disk.remove(path)
  }

  #change(change: () => Promise<void>): Promise<void> {
    this.#changesCount++
    const changed = this.#changes.then(change)
    this.#changes = changed.then(
      () => this.#changesCount--,
      () => this.#changesCount--,
    )
    return changed
  }

  /** The fresh entries of the folder. Collects what is stale on the way. */
  async #readAll(): Promise<Entry[]> {
    const all = await this.#seams.disk.list(this.#options.folder)
    this.#stale.forgetOthersThan(all)
    await this.#collectLeftovers(all)
    const names = this.#part(all.filter(fileName => fileNamePattern.test(fileName)))
    const fresh: Entry[] = []
    for (let at = 0; at < names.length; at += limits.endpointFilesAtOnce) {
      const part = names.slice(at, at + limits.endpointFilesAtOnce)
      const entries = await Promise.all(part.map(fileName => this.#readFresh(fileName)))
      for (const entry of entries) if (entry !== undefined) fresh.push(entry)
    }
    return fresh
  }

  /** So many of the files as one listing reads; the next one goes on behind them, so that none is hidden by others. */
  #part(names: readonly string[]): string[] {
    if (names.length <= limits.endpointFilesMax) return [...names]
    const { folder } = this.#options
    this.#log.warn('discovery folder too full', { folder, files: names.length, filesMax: limits.endpointFilesMax })
    const from = this.#listFrom % names.length
    this.#listFrom = from + limits.endpointFilesMax
    return [...names.slice(from), ...names.slice(0, from)].slice(0, limits.endpointFilesMax)
  }

  async #readFresh(fileName: string): Promise<Entry | undefined> {
    const entry = await this.#read(fileName)
    if (entry === undefined || !this.#isStale(entry)) return entry
    if (!this.#stale.isOver(fileName, entry.writtenAtMs)) return undefined
    // Its owner may have come back since.
    const again = await this.#read(fileName)
    if (again?.writtenAtMs === entry.writtenAtMs) await this.#collect(fileName)
    return undefined
  }

  async #collectLeftovers(all: readonly string[]): Promise<void> {
    const leftovers = all.filter(fileName => leftoverPattern.test(fileName)).slice(0, limits.endpointFilesMax)
    for (const fileName of leftovers) if (this.#stale.isOver(fileName, 0)) await this.#collect(fileName)
  }

  async #collect(fileName: string): Promise<void> {
    try {
      await this.#seams.disk.remove(join(this.#options.folder, fileName))
      this.#stale.countCollected(fileName)
    } catch (error) {
      this.#tell('stale discovery file not removed', error)
    }
  }

  /** The entry of a file; undefined where there is none or something is wrong with it, which is told once. */
  async #read(fileName: string): Promise<Entry | undefined> {
    const path = join(this.#options.folder, fileName)
    const read = await this.#readBytes(path, fileName)
    if (typeof read === 'object') return read
    if (read === undefined) this.#faulty.forget(path)
    else this.#faulty.tell(path, read)
    return undefined
  }

  async #readBytes(path: string, fileName: string): Promise<Entry | string | undefined> {
    const { cluster } = this.#options
    try {
      const bytes = await this.#seams.disk.read(path, limits.endpointFileBytesMax)
      if (bytes === undefined) return undefined
      const entry = decodeEntry(bytes, { fileName, cluster, onLoopback: this.#onLoopback })
      if (typeof entry === 'object') this.#faulty.forget(path)
      return entry
    } catch (error) {
      return problemOf(error)
    }
  }

  #isStale({ writtenAtMs }: Entry): boolean {
    return Math.abs(this.#seams.clock.wall() - writtenAtMs) > this.#options.staleMs
  }

  #tell(event: string, error: unknown): void {
    this.#log.warn(event, { folder: this.#options.folder, problem: problemOf(error) })
  }
}
