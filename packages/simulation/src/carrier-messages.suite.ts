/** The part of the carrier suite on messages: order, copies, refusals, values, calls. */

import { BarrelError, type Node, type Pid, type Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { Echo, type MakePair, type Trial, trial } from './carrier-trial.suite.ts'

const burst = 2000

export function messageCases(makePair: MakePair): void {
  describe('sending', () => {
    trial('the first send opens the channel by itself', makePair, t => firstSend(t, t.a, t.b))
    trial('the first send opens the channel by itself from the other side too', makePair, t => firstSend(t, t.b, t.a))
    trial('what one process sends another arrives in the order sent', makePair, keepsOrder)
    trial('both sides may send first at once: one channel, and nothing is lost', makePair, sendsAtOnce)
    trial('a message is a copy, made when it is sent', makePair, copies)
    trial('what cannot be encoded throws at the sender, and what comes after it arrives', makePair, refuses)
    trial('a send to a dead process or to a missing name is dropped', makePair, dropsForTheDead)
    trial('a cast reaches the server', makePair, casts)
  })
  describe('values', () => {
    trial('every kind of data survives the trip', makePair, carriesValues)
    trial('errors keep name, message, code and cause', makePair, carriesErrors)
    trial('pids and refs are equal at the other end, and work there', makePair, carriesPids)
    trial('a pid that comes home is the very pid of the process', makePair, bringsPidsHome)
  })
  describe('calls', () => {
    trial('a call by pid and by name is answered', makePair, answersCalls)
    trial('many calls at once each get their own reply', makePair, answersManyCalls)
    trial('a call to a missing name or a dead process ends with noproc', makePair, callsNobody)
    trial('a call to a server that ends meanwhile ends with its reason', makePair, callsTheDying)
    trial('a call or a reply that cannot be encoded fails at the caller', makePair, callsWithTheUnencodable)
  })
}

async function firstSend(t: Trial, from: Node, to: Node): Promise<void> {
  const notes = t.notes(to)
  expect(from.nodes()).toEqual([])
  expect(from.send(notes.pid, 'hello')).toBe(true)
  expect(await t.received(notes, 1)).toEqual(['hello'])
  expect([from.nodes(), to.nodes()]).toEqual([[to.name], [from.name]])
}

async function keepsOrder(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  t.b.register('notes', notes.pid)
  const sent = Array.from({ length: burst }, (_, index) => ({ index }))
  // By pid and by name: the process is the same, so is the order.
  for (const message of sent) {
    if (message.index % 2 === 0) t.a.send(notes.pid, message)
    else t.a.send({ name: 'notes', node: t.b.name }, message)
  }
  expect(await t.received(notes, burst)).toEqual(sent)
}

async function sendsAtOnce(t: Trial): Promise<void> {
  const [atA, atB] = [t.notes(t.a), t.notes(t.b)]
  const [refAtA, refAtB] = [t.a.monitor(atB.pid), t.b.monitor(atA.pid)]
  for (let index = 0; index < 100; index++) {
    t.a.send(atB.pid, index)
    t.b.send(atA.pid, index)
  }
  const sent = Array.from({ length: 100 }, (_, index) => index)
  expect(await t.received(atA, 100)).toEqual(sent)
  expect(await t.received(atB, 100)).toEqual(sent)
  await t.quiet()
  // A channel that had been given up would have ended a monitor.
  expect([t.a.demonitor(refAtA), t.b.demonitor(refAtB)]).toEqual([true, true])
  expect([t.a.nodes(), t.b.nodes()]).toEqual([[t.b.name], [t.a.name]])
}

async function copies(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  const message = { list: [1, 2], bytes: Uint8Array.of(1, 2) }
  // Before the channel is up, and after.
  for (const count of [1, 2]) {
    t.a.send(notes.pid, message)
    message.list.push(3)
    message.bytes[0] = 9
    await t.received(notes, count)
    message.list.pop()
    message.bytes[0] = 1
  }
  const received = notes.messages as (typeof message)[]
  expect(received).toEqual([message, message])
  received[0]?.list.push(4)
  expect(message.list).toEqual([1, 2])
}

async function refuses(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  const invalid = expect.objectContaining({ code: 'E_MESSAGE_INVALID' })
  for (const count of [1, 2]) {
    expect(() => t.a.send(notes.pid, { a: { run: () => {} } })).toThrow(invalid)
    expect(() => t.a.send(notes.pid, [Symbol('s')])).toThrow(invalid)
    t.a.send(notes.pid, { count })
    await t.received(notes, count)
  }
  expect(notes.messages).toEqual([{ count: 1 }, { count: 2 }])
}

async function dropsForTheDead(t: Trial): Promise<void> {
  const [notes, dead] = [t.notes(t.b), t.notes(t.b)]
  t.b.exit(dead.pid, 'kill')
  expect(t.a.send(dead.pid, 1)).toBe(true)
  expect(t.a.send({ name: 'nobody', node: t.b.name }, 1)).toBe(true)
  t.a.send(notes.pid, 2)
  expect(await t.received(notes, 1)).toEqual([2])
  await t.quiet()
  expect([t.a, t.b].map(node => node.processInfo(node.pid)?.mailboxLength)).toEqual([0, 0])
}

async function casts(t: Trial): Promise<void> {
  const cast: unknown[] = []
  class Taker extends Echo {
    override handleCast(request: unknown) {
      cast.push(request)
    }
  }
  t.a.cast(t.b.spawn(Taker), { add: 1 })
  await t.eventually('the cast has come', () => cast.length > 0)
  expect(cast).toEqual([{ add: 1 }])
}

async function carriesValues(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  const values = [
    [undefined, null, true, false, '', 'text ☃', 0, -0, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53],
    { with: undefined, deep: { list: [[], {}] } },
    [0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 200n, -(2n ** 200n)],
    new Map<unknown, unknown>([
      ['a', 1],
      [{ key: 1 }, new Set([1, 'b'])],
    ]),
    new Set<unknown>([1, new Map([[1, 2]])]),
    new Date(1_700_000_000_123),
    [Uint8Array.of(1, 255), Int8Array.of(-1), Uint8ClampedArray.of(7), Float64Array.of(-0, 1.5), Float32Array.of(0.5)],
    [Int16Array.of(-2), Uint16Array.of(2), Int32Array.of(-3), Uint32Array.of(3), BigInt64Array.of(-4n)],
    [Uint8Array.of(1, 2, 3, 4).subarray(1, 3), Uint8Array.of(5, 6).buffer],
    'x'.repeat(300_000),
  ]
  // More than one frame on any wire. Compared by itself: toStrictEqual takes seconds over it.
  const long = Uint8Array.from({ length: 300_000 }, (_, index) => index)
  for (const value of values) t.a.send(notes.pid, value)
  t.a.send(notes.pid, long)
  const received = await t.received(notes, values.length + 1)
  expect(Buffer.compare(received.at(-1) as Uint8Array, long)).toBe(0)
  for (const [index, value] of values.entries()) expect(received[index]).toStrictEqual(value)
}

async function carriesErrors(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  const cause = Object.assign(new RangeError('too far'), { code: 'E_FAR' })
  t.a.send(notes.pid, new TypeError('wrong', { cause }))
  t.a.send(notes.pid, new BarrelError('E_OWN', { what: 'What.', todo: 'Do.' }))
  const [wrong, own] = (await t.received(notes, 2)) as [Error, Error]
  expect(wrong).toBeInstanceOf(Error)
  expect(wrong).toMatchObject({ name: 'TypeError', message: 'wrong', stack: expect.stringContaining('wrong') })
  expect(wrong.cause).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR' })
  expect(own).toMatchObject({ name: 'BarrelError', code: 'E_OWN' })
}

async function carriesPids(t: Trial): Promise<void> {
  const [atA, atB] = [t.notes(t.a), t.notes(t.b)]
  const ref = t.a.monitor(atB.pid)
  t.a.send(atB.pid, { pid: atA.pid, ref })
  const [message] = (await t.received(atB, 1)) as [{ pid: Pid; ref: unknown }]
  expect(message.pid.equals(atA.pid)).toBe(true)
  expect(ref.equals(message.ref)).toBe(true)
  t.b.send(message.pid, 'found')
  expect(await t.received(atA, 1)).toEqual(['found'])
}

async function bringsPidsHome(t: Trial): Promise<void> {
  const atA = t.notes(t.a)
  const mirror = t.b.spawn(async (self: Self) => {
    for await (const message of self) self.send((message as { from: Pid }).from, message)
  })
  const message = { from: atA.pid, ofTheirs: mirror, known: new Map([[atA.pid, [atA.pid]]]) }
  t.a.send(mirror, message)
  const [back] = (await t.received(atA, 1)) as [typeof message]
  expect(back.from).toBe(atA.pid)
  expect([...back.known.keys()][0]).toBe(atA.pid)
  expect(back.ofTheirs.equals(mirror)).toBe(true)
}

async function answersCalls(t: Trial): Promise<void> {
  const echo = t.b.spawn(Echo)
  t.b.register('echo', echo)
  expect(await t.until(t.a.call(echo, { by: 'pid' }))).toEqual({ by: 'pid' })
  expect(await t.until(t.a.call({ name: 'echo', node: t.b.name }, undefined))).toBe(undefined)
}

async function answersManyCalls(t: Trial): Promise<void> {
  const echo = t.b.spawn(Echo)
  const requests = Array.from({ length: 200 }, (_, index) => index)
  expect(await t.until(Promise.all(requests.map(request => t.a.call(echo, request))))).toEqual(requests)
}

async function callsNobody(t: Trial): Promise<void> {
  const dead = t.b.spawn(Echo)
  t.b.exit(dead, 'kill')
  for (const target of [dead, { name: 'nobody', node: t.b.name }]) {
    const error = await t.rejection(t.a.call(target as typeof dead, 1), 'E_CALL_EXIT')
    expect(error.fields).toMatchObject({ reason: 'noproc' })
  }
}

async function callsTheDying(t: Trial): Promise<void> {
  class Fragile extends Echo {
    override handleCall(): never {
      this.exit('broken')
    }
  }
  const error = await t.rejection(t.a.call(t.b.spawn(Fragile), 1), 'E_CALL_EXIT')
  expect(error.fields).toMatchObject({ reason: 'broken' })
}

async function callsWithTheUnencodable(t: Trial): Promise<void> {
  class Odd extends Echo {
    override handleCall(): unknown {
      return () => {}
    }
  }
  await t.rejection(t.a.call(t.b.spawn(Odd), Symbol('s')), 'E_MESSAGE_INVALID')
  const error = await t.rejection(t.a.call(t.b.spawn(Odd), 1), 'E_CALL_EXIT')
  expect(error.fields['exit']).toMatchObject({ error: { code: 'E_MESSAGE_INVALID' } })
}
