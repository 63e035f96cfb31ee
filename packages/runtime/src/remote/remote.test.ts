// Two nodes over the smallest carrier there can be: real encoders and decoders, no network, cut by hand.

import { expect, test } from 'vitest'
import type { Carrier, CarrierEvents, Channel, NodeLife } from '../carrier.ts'
import type { SignalDecoder } from '../codec/flow/signal-decoder.ts'
import { type Extension, extensionKey, type Host } from '../extension.ts'
import type { From } from '../gen-server/call.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import { noReply } from '../gen-server/outcome.ts'
import { limits } from '../limits.ts'
import type { Node } from '../node.ts'
import type { AnyPid } from '../pid.ts'
import type { Self } from '../process/function-process.ts'
import type { Signal } from '../signal.ts'
import { startNode } from '../start-node.ts'

class Wire implements Channel {
  readonly role = 'node'
  readonly fingerprint = 'a key'
  readonly isCongested = false
  readonly rttMs = undefined
  life: NodeLife | undefined
  other!: Wire
  readonly node: string
  readonly #events: CarrierEvents
  readonly #encoder
  #decoder: SignalDecoder | undefined
  readonly #host: Host
  #isOpen = true

  constructor(node: string, host: Host, events: CarrierEvents) {
    this.node = node
    this.#host = host
    this.#events = events
    this.#encoder = host.createEncoder()
  }

  up() {
    const { name, creation } = this.other.#host.node
    this.life = { name, creation }
    this.#encoder.remote = this.life
    this.#decoder = this.#host.createDecoder(this.life)
    this.#events.up(this)
  }

  deliver(signal: Signal): boolean {
    const bytes = Uint8Array.from(this.#encoder.encode(signal))
    queueMicrotask(() => this.other.#take(bytes))
    return true
  }

  #take(bytes: Uint8Array) {
    if (this.#isOpen && this.#decoder !== undefined) {
      const signal = this.#decoder.decode(bytes)
      const { heapBytes, refusal } = this.#decoder
      this.#events.received(this, signal, { flow: 0, heapBytes, refusal })
    }
  }

  isPaused = false

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#events.closed(this, new Error(reason))
    this.other.close(reason)
  }
}

type Net = Map<string, { host: Host; events: CarrierEvents; channels: Map<string, Wire> }>

function carrier(net: Net): Extension<Carrier> {
  return {
    key: extensionKey('carrier'),
    async install(host) {
      const { name } = host.node
      const open = (to: string): Channel => {
        const here = net.get(name) as { channels: Map<string, Wire> }
        const known = here.channels.get(to)
        if (known !== undefined) return known
        const there = net.get(to)
        if (there === undefined) throw new Error(`no node ${to} in this test`)
        const near = new Wire(to, host, events)
        const far = new Wire(name, there.host, there.events)
        near.other = far
        far.other = near
        here.channels.set(to, near)
        there.channels.set(name, far)
        queueMicrotask(() => {
          near.up()
          far.up()
        })
        return near
      }
      const api: Carrier = { open }
      const events = host.setCarrier(api)
      net.set(name, { host, events, channels: new Map() })
      return { api }
    },
  }
}

async function two(): Promise<{ a: Node; b: Node; cut: () => void; net: Net }> {
  const net: Net = new Map()
  const a = await startNode({ name: 'a@test', extensions: [carrier(net)] })
  const b = await startNode({ name: 'b@test', extensions: [carrier(net)] })
  const cut = () => {
    net.get('a@test')?.channels.get('b@test')?.close('cut')
    for (const { channels } of net.values()) channels.clear()
  }
  return { a, b, cut, net }
}

const wait = (self: Self) => self.receive()
const codeOf = (error: { code: unknown }) => error.code

/** The pid as the other node knows it: it came in a message. */
async function abroad<P extends AnyPid>(pid: P, from: Node, to: Node): Promise<P> {
  from.send({ name: 'root', node: to.name }, { pid })
  if (to.whereis('root') === undefined) to.register('root', to.pid)
  return ((await to.receive()) as { pid: P }).pid
}

test('a call crosses, its reply comes back, and its refusals too', async () => {
  const { a, b } = await two()
  class Server extends GenServer {
    override handleCall(request: unknown) {
      if (request === 'crash') throw new Error('crashed')
      return request === 'function' ? () => 1 : { got: request }
    }
  }
  const start = () => b.register('server', b.spawn(Server))
  start()
  const to = { name: 'server', node: 'b@test' }
  expect(await a.call(to, { n: 1n })).toEqual({ got: { n: 1n } })
  await expect(a.call(to, 'crash')).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  await expect(a.call(to, 'nobody there')).rejects.toMatchObject({ fields: { exit: 'noproc' } })
  start()
  await expect(a.call(to, 'function')).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  await expect(a.call(to, () => 1)).rejects.toMatchObject({ code: 'E_MESSAGE_INVALID' })
  expect(() => a.send(to, () => 1)).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
})

test('an async handler whose reply cannot cross ends its server, which is not stuck', async () => {
  const { a, b } = await two()
  class Server extends GenServer {
    override async handleCall() {
      return () => 1
    }
  }
  const { pid, ref } = b.spawnMonitor(Server)
  b.register('server', pid)
  await expect(a.call({ name: 'server', node: 'b@test' }, 'x')).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
  expect(await b.receive()).toMatchObject({ kind: 'down', ref, reason: { error: { code: 'E_MESSAGE_INVALID' } } })
})

class Echo extends GenServer {
  override handleCall(request: unknown) {
    return request
  }
}

test('when the channel is lost, links, calls and monitors end with noconnection, on both sides, once', async () => {
  const { a, b, cut } = await two()
  const held: From[] = []
  class Holds extends GenServer {
    override handleCall(_: unknown, from: From) {
      held.push(from)
      return new Promise<never>(() => {})
    }
  }
  const linked = await abroad(b.spawn(wait), b, a)
  b.register('holds', b.spawn(Holds))
  a.link(linked)
  const watched = await abroad(b.spawn(Echo), b, a)
  const ref = a.monitor(watched)
  const call = a.call({ name: 'holds', node: 'b@test' }, 'x').catch(error => error.code)
  // `linked` came to a, yet b knows its own process behind it.
  b.monitor(linked)
  const watching: unknown[] = []
  a.spawn(async self => {
    self.monitor({ name: 'holds', node: 'b@test' })
    for (;;) watching.push(await self.receive())
  })
  a.send(b.pid, 'all set')
  await b.receive()
  cut()
  expect(await call).toBe('E_NO_CONNECTION')
  expect(await a.receive()).toEqual({ kind: 'exit', from: linked, reason: 'noconnection' })
  expect(await a.receive()).toEqual({ kind: 'down', ref, from: watched, reason: 'noconnection' })
  expect(await b.receive()).toMatchObject({ kind: 'down', reason: 'noconnection' })
  // Who was watched and not linked lives on.
  expect(b.processInfo(watched)).toMatchObject({ watchersCount: 0 })
  expect(await b.call(watched, 'still here')).toBe('still here')
  held[0]?.reply('late')
  a.send(a.pid, 'nothing more')
  expect(await a.receive()).toBe('nothing more')
  expect(watching).toMatchObject([{ kind: 'down', reason: 'noconnection' }])
})

test('a node is connected while the channel is up, not while it opens; lost, nothing is kept of it', async () => {
  const { a, b, cut, net } = await two()
  const isUp = () => net.get('a@test')?.host.isConnected('b@test')
  expect([isUp(), a.remotes.isAlone]).toEqual([false, true])
  a.send({ name: 'nobody', node: 'b@test' }, 'hello')
  expect(isUp()).toBe(false)
  await a.connect('b@test')
  expect([isUp(), a.remotes.isAlone, b.remotes.isAlone]).toEqual([true, false, false])
  cut()
  expect([isUp(), a.remotes.isAlone, b.remotes.isAlone]).toEqual([false, true, true])
})

test('an exit reason that cannot cross arrives as a text', async () => {
  const { a, b } = await two()
  const pid = b.spawn(wait)
  const far = await abroad(pid, b, a)
  a.monitor(far)
  a.send(b.pid, 'watched')
  await b.receive()
  b.exit(pid, { closed: () => 1, code: 5 })
  expect(await a.receive()).toMatchObject({ kind: 'down', reason: '{"code":5}' })
})

test('exit to a process of another node refuses a reason that cannot cross, where it was called', async () => {
  const { a, b } = await two()
  const pid = b.spawn(wait)
  const far = await abroad(pid, b, a)
  const reason = { code: 5, closed: () => 1 }
  for (const exit of [() => a.exit(far, reason), () => a.exit({ name: 'x', node: b.name }, reason)]) {
    expect(exit).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
  }
  const ref = a.monitor(far)
  a.exit(far, 'over')
  expect(await a.receive()).toMatchObject({ kind: 'down', ref, reason: 'over' })
})

test('a hostile exit reason of another node ends what it should and breaks nothing', async () => {
  const { a, b } = await two()
  const pid = b.spawn(wait)
  const call = b.call(pid, 'x').catch(error => error.code)
  a.exit(await abroad(pid, b, a), { error: { message: 'm', name: { toString: 1, valueOf: 1 } } })
  expect(await call).toBe('E_CALL_EXIT')
  const next = b.spawnMonitor(wait)
  b.exit(next.pid, 'as ever')
  expect(await b.receive()).toMatchObject({ reason: 'as ever' })
})

test('a channel that closes while it takes a call ends that call', async () => {
  const { a, b, net } = await two()
  a.send(b.pid, 'opens the channel')
  await b.receive()
  const channel = net.get('a@test')?.channels.get('b@test') as Wire
  channel.deliver = () => {
    channel.close('its buffer is full')
    return false
  }
  const call = a.call({ name: 'x', node: 'b@test' }, 'x', { timeoutMs: Infinity }).catch(error => error.code)
  expect(await Promise.race([call, a.call(a.spawn(Echo), 'still open')])).toBe('E_NO_CONNECTION')
})

test('a pid of an earlier life of a node reaches nobody, and a link to it says noproc', async () => {
  const { a, b, cut, net } = await two()
  const far = await abroad(b.spawn(wait), b, a)
  cut()
  await b.stop()
  const wall = () => Date.now() + 10_000
  const clock = { now: () => 0, wall, setTimer: () => ({ cancel() {}, keepAlive() {} }) }
  const again = await startNode({ name: 'b@test', extensions: [carrier(net)], clock })
  const same = again.spawnMonitor(wait)
  expect(same.pid.serial).toBe(far.serial)
  a.send(far, 'to the earlier life')
  a.exit(far, 'kill')
  a.link(far)
  expect(
    await Promise.race([
      a.receive(),
      a.call(a.spawn(Echo), '').then(() => again.call(again.spawn(Echo), 'nothing came')),
    ]),
  ).toEqual({ kind: 'exit', from: far, reason: 'noproc' })
  // Now the channel is up, and the life at the other end is known before the link is made.
  a.link(far)
  const second = await Promise.race([a.receive(), a.call(a.spawn(Echo), 'nothing came')])
  expect(second).toEqual({ kind: 'exit', from: far, reason: 'noproc' })
  expect(again.processOf(same.pid)?.alive).toBe(true)
})

test('a link made while the channel opens stands once it is up', async () => {
  const { a, b, cut } = await two()
  const pid = b.spawn(wait)
  const far = await abroad(pid, b, a)
  cut()
  a.link(far)
  a.send(b.pid, 'linked')
  await b.receive()
  b.exit(pid, 'over')
  expect(await a.receive()).toEqual({ kind: 'exit', from: far, reason: 'over' })
})

test('a node that holds as many monitors and calls here as it may gets systemLimit for more, and others none', async () => {
  const { a, b, cut } = await two()
  class Silent extends GenServer {
    override handleCall() {
      return noReply
    }
  }
  const there = await abroad(b.spawn(Silent), b, a)
  const first = a.monitor(there)
  await a.call({ name: 'nobody', node: b.name }, 1).catch(() => {})
  const { incoming } = b.remote(a.name)
  const held = { fire() {}, withdraw() {} }
  for (let ref = 2 ** 40; incoming.size < limits.incomingPerNodeMax; ref++) incoming.set(ref, held)
  const second = a.monitor(there)
  expect(await a.receive()).toEqual({ kind: 'down', ref: second, from: there, reason: 'systemLimit' })
  await expect(a.call(there, 1)).rejects.toMatchObject({ fields: { exit: 'systemLimit' } })
  // What was held before goes on, and what is given back can be had again.
  incoming.delete(2 ** 40)
  const third = a.monitor(there)
  await a.call({ name: 'nobody', node: b.name }, 1).catch(() => {})
  b.exit(there, 'over')
  const downs = [await a.receive(), await a.receive()]
  expect(downs).toMatchObject([
    { ref: first, reason: 'over' },
    { ref: third, reason: 'over' },
  ])
  cut()
  expect(incoming.size).toBe(0)
})

test('what another node watched, called and wished to stop here is withdrawn once its channel is lost', async () => {
  const { a, b, cut } = await two()
  class Silent extends GenServer {
    override handleCall() {
      return noReply
    }
  }
  class Stuck extends GenServer {
    override init() {
      return new Promise<never>(() => {})
    }
  }
  const [silent, stuck] = [b.spawn(Silent), b.spawn(Stuck)]
  const [farSilent, farStuck] = [await abroad(silent, b, a), await abroad(stuck, b, a)]
  const held = () => {
    const [one, other] = [b.processInfo(silent), b.processInfo(stuck)]
    return [one?.watchersCount, one?.openCalls, other?.openCalls]
  }
  for (let loss = 0; loss < 20; loss++) {
    const ref = a.monitor(farSilent)
    const asked = [a.call(farSilent, loss), GenServer.stop(farStuck, loss)].map(each => each.catch(codeOf))
    a.send(b.pid, 'asked')
    await b.receive()
    expect(held()).toEqual([1, 1, 1])
    cut()
    expect(held()).toEqual([0, 0, 0])
    expect(await Promise.all(asked)).toEqual(['E_NO_CONNECTION', 'E_NO_CONNECTION'])
    expect(await a.receive({ ref })).toMatchObject({ reason: 'noconnection' })
  }
})

const big = 'x'.repeat(2 ** 20)

test.each<[string, (far: AnyPid, a: Node) => void]>([
  ['wishes to stop', far => void GenServer.stop(far, big, { signal: AbortSignal.abort() }).catch(codeOf)],
  ['exits that are trapped', (far, a) => a.exit(far, big)],
])('%s that nobody takes count as what waits, and stop their sender until their process ends', async (_, send) => {
  const { a, b, net } = await two()
  class Stuck extends GenServer {
    override init() {
      this.trapExit = true
      return new Promise<never>(() => {})
    }
  }
  const stuck = b.spawn(Stuck)
  const far = await abroad(stuck, b, a)
  const isPaused = async () => {
    a.send({ name: 'asked', node: b.name }, 'asked')
    await b.receive()
    return net.get(b.name)?.channels.get(a.name)?.isPaused
  }
  b.register('asked', b.pid)
  for (let count = 0; count < limits.backlogBytesMax / big.length; count++) {
    expect(await isPaused()).toBe(false)
    send(far, a)
  }
  expect(await isPaused()).toBe(true)
  b.exit(stuck, 'kill')
  expect(await isPaused()).toBe(false)
})
