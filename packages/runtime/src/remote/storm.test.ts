/** A peer that watches and links without end: what it may hold here, and that nothing of it stays when it goes. */
import { expect, test } from 'vitest'
import type { Channel, NodeLife } from '../carrier.ts'
import { extensionKey } from '../extension.ts'
import { limits } from '../limits.ts'
import type { Node } from '../node.ts'
import { type AnyPid, Pid } from '../pid.ts'
import type { Self } from '../process/function-process.ts'
import type { Signal } from '../signal.ts'
import { startNode } from '../start-node.ts'

/** A peer at the other end of a channel: it says what it likes, and what it is told is counted. */
class Peer implements Channel {
  readonly role = 'node'
  readonly fingerprint = 'a key'
  readonly isCongested = false
  readonly rttMs = undefined
  readonly life: NodeLife
  readonly told = new Map<string, number>()
  readonly #to: Node

  constructor(node: string, to: Node) {
    this.life = { name: node, creation: 1 }
    this.#to = to
  }

  get node(): string {
    return this.life.name
  }

  deliver(signal: Signal): boolean {
    const what = 'reason' in signal ? `${signal.kind} ${String(signal.reason)}` : signal.kind
    this.told.set(what, (this.told.get(what) ?? 0) + 1)
    return true
  }

  say(signal: Signal): void {
    this.#to.remotes.events.received(this, signal, { flow: 0, heapBytes: 20 })
  }

  pidOf(serial: number): Pid {
    return new Pid(this.node, 1, serial, this.#to)
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.#to.remotes.events.closed(this, new Error('gone'))
  }
}

async function attacked() {
  const peers = new Map<string, Peer>()
  const open = (name: string) => peers.get(name) as Peer
  const key = extensionKey('carrier')
  const node = await startNode({
    name: 'node@host',
    extensions: [{ key, install: async host => ({ api: host.setCarrier({ open }) }) }],
  })
  const connect = (name: string) => {
    const peer = new Peer(name, node)
    peers.set(name, peer)
    node.remotes.events.up(peer)
    return peer
  }
  const target: AnyPid = node.spawn((self: Self) => self.receive())
  return { node, target, bad: connect('bad@host'), honest: connect('honest@host') }
}

const count = limits.incomingPerNodeMax + 10_000

// A million of each take their time on a small machine.
const timeoutMs = 120_000

test(
  'monitors of one process without end end at the bound, others are served, and all are gone with the channel',
  async () => {
    const { node, target, bad, honest } = await attacked()
    const from = bad.pidOf(1)
    for (let ref = 1; ref <= count; ref++) bad.say({ kind: 'monitor', from, to: target as Pid, ref })
    expect([...bad.told]).toEqual([['down systemLimit', 10_000]])
    expect(node.processInfo(target)?.watchersCount).toBe(limits.incomingPerNodeMax)
    honest.say({ kind: 'monitor', from: honest.pidOf(1), to: target as Pid, ref: 1 })
    expect([node.processInfo(target)?.watchersCount, honest.told.size]).toEqual([limits.incomingPerNodeMax + 1, 0])
    bad.close()
    expect(node.processInfo(target)?.watchersCount).toBe(1)
    node.exit(target, 'over')
    await expect.poll(() => [...honest.told]).toEqual([['down over', 1]])
    expect(bad.told.size).toBe(1)
  },
  timeoutMs,
)

test(
  'links to one process without end end at the bound, and all are gone with the channel',
  async () => {
    const { node, target, bad, honest } = await attacked()
    for (let serial = 1; serial <= count; serial++) {
      bad.say({ kind: 'link', from: bad.pidOf(serial), to: target as Pid })
    }
    expect([...bad.told]).toEqual([['exit systemLimit', 10_000]])
    expect(node.processInfo(target)?.links).toHaveLength(limits.incomingPerNodeMax)
    bad.close()
    // Lost with the node that held them: a process that does not trap exits ends with its links.
    await expect.poll(() => node.processInfo(target)).toBeUndefined()
    expect(node.remotes.isKept(bad.node)).toBe(false)
    expect(honest.told.size).toBe(0)
  },
  timeoutMs,
)
