// The paths of one connection, with a library that says what a test tells it to.
import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { quicError } from '../errors.ts'
import type { Address } from './address.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { limits } from './limits.ts'
import { Paths } from './paths.ts'

const peer = { host: '10.0.0.9', port: 9100 }

interface FakeSocket {
  readonly address: Address
  readonly sent: [host: string, port: number][]
  isClosed: boolean
}

function socketAt(port: number): FakeSocket & DatagramSocket {
  const socket = {
    address: { host: '10.0.0.1', port },
    sent: [] as [string, number][],
    isClosed: false,
    send: (_: Buffer, __: number, host: string, to: number) => void socket.sent.push([host, to]),
    close: async () => {
      socket.isClosed = true
    },
  }
  return socket as unknown as FakeSocket & DatagramSocket
}

function setUp(remote: Address = peer) {
  const clock = new VirtualClock()
  const home = socketAt(1)
  const opened: (FakeSocket & DatagramSocket)[] = []
  const events: unknown[] = []
  const native = {
    ids: 1,
    refuses: false,
    isForbidden: false,
    probed: [] as number[],
    moves: [] as number[],
    peerId: Buffer.from('id of the peer'),
    availableDcids: () => native.ids,
    destinationId: () => native.peerId,
    stats: () => ({ peerDisableActiveMigration: native.isForbidden }),
    probePath(local: Address) {
      if (native.refuses) throw new Error('no')
      native.probed.push(local.port)
    },
    migrate: (local: Address) => void native.moves.push(local.port),
    pathEventNext: () => events.shift() ?? null,
  }
  const told = { moved: 0, flushes: 0 }
  const paths = new Paths(
    native as never,
    clock,
    {
      openSocket() {
        const socket = socketAt(2 + opened.length)
        opened.push(socket)
        return socket
      },
      flushSoon: () => void told.flushes++,
      moved: () => void told.moved++,
    },
    home,
    remote,
  )
  paths.established(native.peerId)
  const say = (...said: unknown[]) => {
    events.push(...said)
    paths.refresh()
  }
  return { clock, home, opened, native, told, paths, say }
}

const moment = (): Promise<void> => new Promise(setImmediate)
const codeOf = (attempt: Promise<unknown>) => attempt.then(String, error => [error.code, error.fields.reason])

/** Moves to the next socket. */
async function move({ paths, opened, say }: ReturnType<typeof setUp>): Promise<void> {
  const moving = paths.migrate(1_000)
  await moment()
  say({ type: 'Validated', local: opened.at(-1)?.address })
  await moving
}

test('a move probes from a new socket, uses it once the peer has answered there, and tells what lies behind', async () => {
  const world = setUp()
  const { paths, home, opened, native, told, say, clock } = world
  const moving = paths.migrate(1_000)
  await moment()
  expect([native.probed, native.moves, paths.port]).toEqual([[2], [], home])
  // Another path that the library has validated is not the one that is tried.
  say({ type: 'Validated', local: { host: '10.0.0.1', port: 7 } })
  expect([native.moves, paths.port]).toEqual([[], home])
  const before = told.flushes
  say({ type: 'Validated', local: opened[0]?.address })
  expect(await moving).toEqual(opened[0]?.address)
  expect([native.moves, paths.port, told.moved]).toEqual([[2], opened[0], 1])
  expect(told.flushes).toBeGreaterThan(before)
  expect(paths.left).toEqual([{ from: peer, to: home.address }])
  await clock.advance(5_000)
  expect([home.isClosed, opened[0]?.isClosed]).toEqual([false, false])
})

test('a socket of its own is closed a while after it was left, the endpoint’s never', async () => {
  const world = setUp()
  const { opened, home, clock } = world
  await move(world)
  await move(world)
  await clock.advance(limits.leftSocketMs - 1)
  expect(opened.map(socket => socket.isClosed)).toEqual([false, false])
  await clock.advance(1)
  expect([home, ...opened].map(socket => socket.isClosed)).toEqual([false, true, false])
})

test('who moves fast keeps no more sockets than so many, and never loses the one in use', async () => {
  const world = setUp()
  const { opened, paths } = world
  for (let moves = 0; moves < 5; moves++) await move(world)
  const open = opened.filter(socket => !socket.isClosed)
  expect(open.length).toBeLessThan(limits.socketsMax)
  expect(open).toContain(paths.port)
})

test('a move that is not answered in time leaves everything as it was', async () => {
  const { paths, home, opened, clock, say } = setUp()
  const moving = codeOf(paths.migrate(1_000))
  await moment()
  await clock.advance(1_000)
  expect((await moving)[0]).toBe('E_MIGRATION_TIMEOUT')
  expect([opened[0]?.isClosed, paths.port, paths.left]).toEqual([true, home, []])
  // What comes late finds nothing that waits for it.
  say({ type: 'Validated', local: opened[0]?.address })
  expect(paths.port).toBe(home)
})

test('a move that is done is not ended by the time that it had', async () => {
  const world = setUp()
  await move(world)
  const second = world.paths.migrate(10_000)
  await moment()
  await world.clock.advance(1_500)
  world.say({ type: 'Validated', local: world.opened[1]?.address })
  expect(await second).toEqual(world.opened[1]?.address)
})

test('a move waits for an id of the peer, and says when none comes', async () => {
  const { paths, native, clock, say } = setUp()
  native.ids = 0
  const moving = codeOf(paths.migrate(1_000))
  await moment()
  expect(native.probed).toEqual([])
  await clock.advance(1_000)
  expect(await moving).toEqual(['E_MIGRATION_REFUSED', 'the peer gives no more connection ids'])
  const again = paths.migrate(1_000)
  await moment()
  native.ids = 1
  say()
  say()
  expect(native.probed).toEqual([3])
  say({ type: 'Validated', local: { host: '10.0.0.1', port: 3 } })
  await again
})

test('a peer that forbids it, and a library that takes no more paths, refuse a move', async () => {
  const { paths, native, opened } = setUp()
  native.isForbidden = true
  expect(await codeOf(paths.migrate(1_000))).toEqual(['E_MIGRATION_REFUSED', 'the peer does not allow it'])
  expect(opened).toEqual([])
  native.isForbidden = false
  native.refuses = true
  expect(await codeOf(paths.migrate(1_000))).toEqual(['E_MIGRATION_REFUSED', 'its connection ids are used up'])
  expect(opened[0]?.isClosed).toBe(true)
})

test('the end closes every socket of its own, that of a move under way too', async () => {
  const world = setUp()
  await move(world)
  const lost = quicError('E_CHANNEL_LOST', { node: 'b', timeoutMs: 1 })
  const moving = codeOf(world.paths.migrate(1_000))
  await moment()
  world.paths.end(lost)
  expect((await moving)[0]).toBe('E_CHANNEL_LOST')
  expect(world.opened.map(socket => socket.isClosed)).toEqual([true, true])
})

test('a peer that moves is followed, with the zone of its address, and where it was is remembered', () => {
  const { paths, told, home, say } = setUp({ host: 'fe80::1%eth0', port: 9100 })
  paths.follow()
  paths.arrived('fe80::1%eth0', 9100, home)
  paths.arrived('fe80::1%eth0', 4000, home)
  say({ type: 'PeerMigrated', new: { host: 'fe80::1', port: 4000 } })
  expect([paths.remote, told.moved]).toEqual([{ host: 'fe80::1%eth0', port: 4000 }, 1])
  expect(paths.left).toEqual([{ from: { host: 'fe80::1', port: 9100 }, to: home.address }])
  paths.sendHere(Buffer.alloc(1), 1)
  paths.send(Buffer.alloc(1), 1, home.address, { host: 'fe80::1', port: 4000 })
  expect(home.sent).toEqual(Array(2).fill(['fe80::1%eth0', 4000]))
})

test('a peer that changes its address more often than the library follows is noticed', () => {
  const { paths, home, say } = setUp()
  paths.follow()
  paths.arrived(peer.host, peer.port, home)
  paths.arrived(peer.host, 4000, home)
  say({ type: 'New' }, { type: 'ReusedSourceConnectionId' })
  expect(paths.isExhausted).toBe(false)
  say({ type: 'ReusedSourceConnectionId' })
  expect(paths.isExhausted).toBe(true)
})

test('datagrams count only at ports that the connection has', async () => {
  const world = setUp()
  const { paths, home, opened, clock } = world
  const first = paths.arrived(peer.host, peer.port, home)
  expect(first).toEqual({ from: peer, to: home.address })
  expect(paths.arrived(peer.host, peer.port, home)).toBe(first)
  expect(paths.arrived(peer.host, peer.port, socketAt(77))).toBeUndefined()
  await move(world)
  await move(world)
  expect(paths.arrived(peer.host, peer.port, opened[0] as DatagramSocket)?.to).toEqual(opened[0]?.address)
  await clock.advance(limits.leftSocketMs)
  expect(paths.arrived(peer.host, 4000, opened[0] as DatagramSocket)).toBeUndefined()
  // What was to go over a path whose socket is closed is lost.
  paths.send(Buffer.alloc(1), 1, opened[0]?.address as Address, peer)
  paths.send(Buffer.alloc(1), 1, home.address, peer)
  expect([opened[0]?.sent, home.sent]).toEqual([[], [[peer.host, peer.port]]])
})

test('a datagram from another address than the first is dropped until the peer is followed', () => {
  const { paths, home } = setUp()
  expect(paths.arrived(peer.host, 4000, home)).toBeUndefined()
  expect(paths.arrived('10.0.0.8', peer.port, home)).toBeUndefined()
  expect(paths.arrived(peer.host, peer.port, home)).toBeDefined()
  paths.follow()
  expect(paths.arrived(peer.host, 4000, home)?.from.port).toBe(4000)
})

test('an address may be written in more than one way', () => {
  const { paths, home } = setUp({ host: '0:0:0:0:0:0:0:1', port: 9100 })
  expect(paths.arrived('::1', 9100, home)).toBeDefined()
})

test('a peer that took back the id that it is addressed by refuses a move, also while it is under way', async () => {
  const { paths, native, opened, say } = setUp()
  const moving = codeOf(paths.migrate(1_000))
  await moment()
  expect(native.probed).toEqual([2])
  native.peerId = Buffer.from('another id')
  say({ type: 'Validated', local: opened[0]?.address })
  expect(await moving).toEqual(['E_MIGRATION_REFUSED', 'the peer took its connection ids back'])
  expect(await codeOf(paths.migrate(1_000))).toEqual(['E_MIGRATION_REFUSED', 'the peer took its connection ids back'])
  expect([native.probed, native.moves]).toEqual([[2], []])
})
