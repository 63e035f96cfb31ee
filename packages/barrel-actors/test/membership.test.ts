// Real nodes in one overlay: over QUIC, some of them OS processes of their own.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as realTime } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LogFields, Quic, sharedDirectory } from '../src/index.ts'
import { fullName, isWhole, type LocalMember, type Member, Members, newsOf, turnsOf, until } from './members.ts'

let members: Members

beforeEach(async () => {
  members = await Members.make()
})

afterEach(() => members[Symbol.asyncDispose]())

/** A kill is noticed sooner, and a channel that nobody relies on closed. */
const quick = { idleTimeoutMs: 1_500, keepAliveMs: 500 }

async function locals(names: readonly string[], options = {}): Promise<LocalMember[]> {
  const all: LocalMember[] = []
  for (const name of names) {
    const contactNodes = all.slice(0, 1).map(({ address }) => address)
    all.push(await members.local(name, { contactNodes, ...options }))
  }
  return all
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return port
}

describe('the way in', () => {
  test('nodes in this OS process and in others that begin from one are one overlay, and a broadcast of each reaches all', async () => {
    const here = await locals(['a', 'b', 'c'])
    const contactNodes = [(here[0] as LocalMember).address]
    const there = await Promise.all(['d', 'e', 'f'].map(name => members.process(name, { contactNodes })))
    const all: Member[] = [...here, ...there]
    await until(() => isWhole(all))
    await Promise.all(all.map(member => member.broadcast(member.name)))
    const names = all.map(({ name }) => name).sort()
    await until(() => all.every(member => newsOf(member).length >= all.length))
    for (const member of all) expect(newsOf(member)).toEqual(names)
  })

  test('a contact that is not there yet is asked again until it is', async () => {
    const port = await freePort()
    const options = { contactNodes: [`a@127.0.0.1:${port}`], quic: { dialTimeoutMs: 200 } }
    const [b, c] = [await members.local('b', options), await members.process('c', options)]
    expect([await b.view(), await c.view()]).toEqual([[], []])
    const a = await members.local('a', { quic: { listenPort: port } })
    await until(() => isWhole([a, b, c]))
  })

  test('one of several contacts is enough', async () => {
    const a = await members.local('a')
    const contactNodes = [
      `x@127.0.0.1:${await freePort()}`,
      a.address,
      `y@127.0.0.1:${await freePort()}`,
      'b@127.0.0.1',
    ]
    const b = await members.local('b', { contactNodes })
    await until(() => isWhole([a, b]))
  })

  test('OS processes that share a folder find each other, and one that stops takes its file away', async () => {
    const folder = join(members.folder, 'shared')
    const all = await Promise.all(['a', 'b', 'c'].map(name => members.process(name, { folder })))
    await until(() => isWhole(all))
    const files = await readdir(folder)
    const entries = await Promise.all(files.map(async file => JSON.parse(await readFile(join(folder, file), 'utf8'))))
    const told = entries.map(({ node, endpoints }) => `${node}:${endpoints[0].port}`).sort()
    expect(told).toEqual(all.map(({ address }) => address))
    await all[1]?.stop()
    expect(await readdir(folder)).toHaveLength(2)
    await until(() => [all[0], all[2]].some(member => turnsOf(member as Member, fullName('b')).includes('left')))
  })

  test('in strict trust a contact that is not pinned is not joined, and the log says so', async () => {
    const a = await members.local('a')
    const lines: { event: string; fields: LogFields | undefined }[] = []
    const line = (event: string, fields?: LogFields) => void lines.push({ event, fields })
    const log = { debug: () => {}, info: () => {}, warn: line, error: line }
    const b = await members.local('b', { contactNodes: [a.address], quic: { authTrustMode: 'strict' }, log })
    await until(() => lines.length > 0)
    expect(lines[0]).toMatchObject({ fields: { node: a.name } })
    expect(await b.view()).toEqual([])
    await b.node.extension(Quic).trust.pin(a.name, a.node.extension(Quic).publicKey)
    await until(() => isWhole([a, b]))
  })
})

test('who broadcasts more than a neighbour takes is told, and everything arrives', async () => {
  const [a, b] = (await locals(['a', 'b'], { quic: { queueBytesHigh: 100_000 } })) as [LocalMember, LocalMember]
  await until(() => isWhole([a, b]))
  const hadRoom = Array.from({ length: 10 }, (_, at) => a.overlay.broadcast('news', String(at) + 'x'.repeat(60_000)))
  expect(hadRoom).toContain(false)
  expect(hadRoom[0]).toBe(true)
  await until(() => newsOf(b).length === hadRoom.length)
})

describe('who is where', () => {
  test('a node that only the overlay knows is called without an address', async () => {
    // Each knows a few and links fewer.
    const hyparview = { activeViewMax: 2, shuffleIntervalMs: 100 }
    const all = await locals(['a', 'b', 'c', 'd', 'e', 'f'], { membership: { hyparview } })
    await until(() => isWhole(all))
    const first = all[5] as LocalMember
    await until(() => first.overlay.passiveView().length > 0)
    const [stranger = ''] = first.overlay.passiveView()
    // Where they have talked before.
    first.node.disconnect(stranger)
    expect(await first.echo(stranger)).toBe(first.name)
  })

  test('a node that only discovery knows is called without an address', async () => {
    const folder = join(members.folder, 'shared')
    const membership = { discovery: [sharedDirectory({ folder })], discoverContacts: false }
    const [a, b] = [await members.local('a', { membership }), await members.local('b', { membership })]
    expect(await a.echo(b.name)).toBe(a.name)
    expect([await a.view(), await b.view()]).toEqual([[], []])
  })
})

describe('who goes', () => {
  test('an OS process that is killed is down at its neighbours, and its next life joins anew, at another port', async () => {
    const [a, b] = (await locals(['a', 'b'], { quic: quick })) as [LocalMember, LocalMember]
    const first = await members.process('c', { contactNodes: [a.address], quic: quick })
    await until(() => isWhole([a, b, first]))
    await first.kill()
    // Also who is no neighbour may have a channel to it.
    await until(
      () => ![a, b].some(({ node, overlay }) => [...node.nodes(), ...overlay.activeView()].includes(first.name)),
    )
    expect(turnsOf(a, first.name).concat(turnsOf(b, first.name))).toContain('lost')
    const second = await members.process('c', { contactNodes: [a.address], quic: quick })
    expect(second.port).not.toBe(first.port)
    await until(() => isWhole([a, b, second]))
    await second.broadcast('again')
    await until(() => [a, b, second].every(member => newsOf(member).length === 1))
    for (const member of [a, b]) {
      // A dial of the first life may be under way.
      await until(async () => (await member.echo(second.name).catch(() => undefined)) === member.name)
      const turns = turnsOf(member, first.name)
      expect(turns.map(turn => turn === 'up')).toEqual(turns.map((_, index) => index % 2 === 0))
    }
  })

  test('who leaves or stops has left, at every neighbour; who left stays out until it joins', async () => {
    const [a, b, c] = (await locals(['a', 'b', 'c'])) as [LocalMember, LocalMember, LocalMember]
    await until(() => isWhole([a, b, c]))
    const neighboursOfC = [a, b].filter(member => member.overlay.activeView().includes(c.name))
    await c.leave()
    await until(async () => (await isWhole([a, b])) && (await c.view()).length === 0)
    for (const member of neighboursOfC) expect(turnsOf(member, c.name).at(-1)).toBe('left')
    // Some times the pause between two asks of contacts.
    await realTime(600)
    expect(await c.view()).toEqual([])
    await c.join(a.address)
    await until(() => isWhole([a, b, c]))
    const neighbours = [a, b].filter(member => member.overlay.activeView().includes(c.name))
    await c.stop()
    await until(() => isWhole([a, b]))
    for (const member of neighbours) expect(turnsOf(member, c.name).at(-1)).toBe('left')
  })

  test('channels to neighbours stay, and those to others close once they are idle', async () => {
    const quic = { idleChannelMs: 200, idleSweepMs: 50 }
    // A long cycle: what else it would send opens channels of its own.
    const membership = { hyparview: { shuffleIntervalMs: 600_000 } }
    // Two more than a node and its neighbours, and so few that there is no island, which only cycles would find.
    const all = await locals(['a', 'b', 'c', 'd', 'e', 'f', 'g'], { quic, membership })
    await until(() => isWhole(all))
    for (const one of all) for (const other of all) expect(await one.echo(other.name)).toBe(one.name)
    const areLeft = () => all.every(({ node, overlay }) => String(node.nodes()) === String(overlay.activeView()))
    await until(areLeft)
    expect(all.flatMap(({ node }) => node.nodes()).length).toBeLessThan(7 * 6)
    for (const { node } of all) node.subscribeNodes()
    // Several times the idle time.
    await realTime(1_000)
    expect(areLeft()).toBe(true)
    for (const { node } of all) {
      await expect(node.receive({ kind: 'nodeDown' }, { timeoutMs: 1 })).rejects.toMatchObject({
        code: 'E_RECEIVE_TIMEOUT',
      })
    }
  })
})
