/** Real nodes in one overlay, in this OS process and in others: all on 127.0.0.1, told apart by their ports. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import {
  type ClusterOptions,
  GenServer,
  type Log,
  Membership,
  type MembershipOptions,
  type Node,
  type NodeName,
  Quic,
  type QuicOptions,
  type Self,
  startNode,
} from '../src/index.ts'

/** What membership has put into a mailbox. */
export interface Told {
  readonly kind: string
  readonly event?: string
  readonly node?: NodeName
  readonly [field: string]: unknown
}

export interface Member {
  readonly name: NodeName
  readonly address: string
  readonly told: readonly Told[]
  view(): Promise<NodeName[]>
  broadcast(payload: unknown): Promise<boolean>
  leave(): Promise<void>
  join(address: string): Promise<void>
  /** Calls the echo of that node, and gives its reply. */
  echo(of: NodeName): Promise<unknown>
  stop(): Promise<void>
}

export interface MemberOptions {
  readonly contactNodes?: readonly string[]
  readonly membership?: MembershipOptions
  readonly quic?: QuicOptions
  readonly log?: Log
}

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

/** A node of this OS process. */
export class LocalMember implements Member {
  readonly told: Told[] = []

  readonly node: Node

  constructor(node: Node) {
    this.node = node
    node.register('echo', node.spawn(Echo))
    const listener = node.spawn(async (self: Self<Told>) => {
      for await (const message of self) this.told.push(message)
    })
    this.overlay.subscribe(listener)
    this.overlay.subscribeBroadcasts(listener, 'news')
  }

  get name() {
    return this.node.name
  }

  get address() {
    return `${this.name}:${this.node.extension(Quic).address.port}`
  }

  get overlay() {
    return this.node.extension(Membership)
  }

  view = async () => this.overlay.activeView()
  broadcast = async (payload: unknown) => this.overlay.broadcast('news', payload)
  leave = async () => this.overlay.leave()
  join = async (address: string) => this.overlay.join(address)
  echo = (of: NodeName): Promise<unknown> => this.node.call({ name: 'echo', node: of }, this.name)
  stop = () => this.node.stop()
}

const program = fileURLToPath(new URL('member.mjs', import.meta.url))

interface Said {
  readonly told?: Told
  readonly id?: number
  readonly answer?: unknown
  readonly problem?: string
}

/** A node that is an OS process. */
export class ProcessMember implements Member {
  readonly told: Told[] = []
  readonly #child: ChildProcess
  readonly #open = new Map<number, (said: Said) => void>()
  #lastId = 0

  readonly name: NodeName
  readonly port: number

  constructor(name: NodeName, port: number, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#child = child
    child.on('message', (said: Said) => {
      if (said.told !== undefined) this.told.push(said.told)
      this.#open.get(said.id ?? 0)?.(said)
    })
  }

  get address() {
    return `${this.name}:${this.port}`
  }

  view = () => this.#ask<NodeName[]>('view')
  broadcast = (payload: unknown) => this.#ask<boolean>('broadcast', payload)
  leave = () => this.#ask<void>('leave')
  join = (address: string) => this.#ask<void>('join', address)
  echo = (of: NodeName) => this.#ask('echo', of)
  stop = () => this.#ask<void>('stop')

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async #ask<Answer>(ask: string, given?: unknown): Promise<Answer> {
    const id = ++this.#lastId
    const said = await new Promise<Said>(resolve => {
      this.#open.set(id, resolve)
      this.#child.send({ id, ask, given })
    })
    this.#open.delete(id)
    if (said.problem !== undefined) throw new Error(said.problem)
    return said.answer as Answer
  }
}

/** The members of one test, with the folder where they keep what they keep. */
export class Members {
  readonly folder: string
  readonly #running: (LocalMember | ProcessMember)[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<Members> {
    return new Members(await mkdtemp(join(tmpdir(), 'barrel-members-')))
  }

  async local(name: string, options: MemberOptions = {}): Promise<LocalMember> {
    const member = new LocalMember(await startNode(this.#optionsOf(name, options)))
    this.#running.push(member)
    return member
  }

  /** `folder`: that of a shared directory. */
  async process(
    name: string,
    { folder, ...options }: MemberOptions & { folder?: string } = {},
  ): Promise<ProcessMember> {
    const given = JSON.stringify({ ...this.#optionsOf(name, options), folder })
    const child = fork(program, [given], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] })
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)))
    const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
    ended.catch(() => {})
    const member = new ProcessMember(fullName(name), port, child)
    this.#running.push(member)
    return member
  }

  #optionsOf(name: string, { membership, quic, ...options }: MemberOptions): ClusterOptions {
    return {
      name: fullName(name),
      dataDir: join(this.folder, name),
      quic: { listenPort: 0, ...quic },
      membership: { profile: 'local', contactRetryMs: 200, ...membership },
      ...options,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map(member => (member instanceof ProcessMember ? member.kill() : member.stop())))
    // A pin may still be on its way to the disk.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

export function fullName(name: string): NodeName {
  return `${name}@127.0.0.1`
}

/** Waits until something is so. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(what, { timeout: 30_000, interval: 20 }).toBe(true)
}

/** Whether those are one overlay: every link is held from both ends, and all are reached from the first. */
export async function isWhole(members: readonly Member[]): Promise<boolean> {
  const views = new Map<NodeName, NodeName[]>()
  for (const member of members) views.set(member.name, await member.view())
  for (const [name, view] of views) if (!view.every(other => views.get(other)?.includes(name))) return false
  const reached = new Set([members[0]?.name as NodeName])
  for (const name of reached) for (const other of views.get(name) ?? []) reached.add(other)
  return reached.size === members.length
}

/** What has come of the broadcasts of each node, sorted by it. */
export function newsOf({ told }: Member): unknown[] {
  return told.flatMap(message => (message.kind === 'broadcast' ? [message['payload']] : [])).sort()
}

/** The ups and downs of a neighbour, a down with its reason. */
export function turnsOf({ told }: Member, node: NodeName): unknown[] {
  const turns = told.filter(({ event, node: about }) => about === node && (event === 'peerUp' || event === 'peerDown'))
  return turns.map(({ event, reason }) => (event === 'peerUp' ? 'up' : reason))
}
