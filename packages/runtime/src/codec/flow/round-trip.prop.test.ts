import { isDeepStrictEqual } from 'node:util'
import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BarrelError } from '../../errors.ts'
import { AliasRef } from '../../ref.ts'
import type { Signal } from '../../signal.ts'
import { pidOf, receiver, sender, value } from '../values.suite.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { measureMessage, SignalEncoder } from './signal-encoder.ts'

const signalOf = (message: unknown): Signal => ({
  kind: 'send',
  from: pidOf(sender.name, sender.creation, 1),
  to: 'name',
  message,
})

/** Both ends of one stream. `knowsPeer` says whether the life at the other end was known when it was written. */
function stream(knowsPeer = true) {
  const encoder = new SignalEncoder(sender)
  if (knowsPeer) encoder.remote = receiver
  const decoder = new SignalDecoder({ ...receiver, pidOf }, sender)
  const send = (...signals: Signal[]): Signal[] => {
    const written = signals.map(signal => Uint8Array.from(encoder.encode(signal)))
    const batch = Buffer.concat(written)
    let end = 0
    return written.map(({ length }) => {
      end += length
      return decoder.decode(batch, end - length, end)
    })
  }
  const pass = (...messages: unknown[]) =>
    send(...messages.map(signalOf)).map(signal => (signal as { message: unknown }).message)
  return { send, pass }
}

test('every message arrives as it was sent, many over one stream, in batches', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
      fc.boolean(),
      (batches, knows) => {
        const { pass } = stream(knows)
        for (const batch of batches) expect(pass(...batch)).toStrictEqual(batch)
      },
    ),
    { numRuns: 300 },
  )
})

test('the values that are easily lost arrive', () => {
  const nested = new Map<unknown, unknown>([[{ key: 'object' }, new Map([[new Set([-0]), [new Date(5)]]])]])
  const message = { zero: -0, nan: Number.NaN, none: undefined, big: 2n ** 64n, negative: -(2n ** 63n) - 1n, nested }
  expect(stream().pass(message)).toStrictEqual([message])
  expect(Object.is((stream().pass([-0])[0] as number[])[0], -0)).toBe(true)
})

test('a value arrives as it was sent, over a stream that carries many', () => {
  let { pass } = stream()
  let count = 0
  return fuzz('values of signals', value, value => {
    // A stream of its own for each thousand: what fails is seen again within so many.
    if (count++ % 1_000 === 0) pass = stream().pass
    const passed = pass(value)
    // This comparison is quick, but an invalid date is not equal to itself.
    if (!isDeepStrictEqual(passed, [value])) expect(passed).toStrictEqual([value])
    return 'accepted'
  })
})

test('a hole in an array arrives as undefined', () => {
  const holed = [1, 2, 3]
  delete holed[1]
  expect(stream().pass(holed)).toStrictEqual([[1, undefined, 3]])
})

test('an error arrives with its name, message, code, stack and causes', () => {
  const sent = new BarrelError('E_X', { what: 'X.', todo: 'Do.' }, {}, new TypeError('why', { cause: [1n] }))
  const [got] = stream().pass(sent) as [Error & { code: string; cause: Error }]
  expect(got).toMatchObject({ name: 'BarrelError', message: 'X. Do.', code: 'E_X', stack: sent.stack })
  expect(got.cause).toMatchObject({ message: 'why', cause: [1n] })
})

test('an error whose name or message is no text arrives with texts', () => {
  const odd = Object.assign(new Error('x'), { name: Symbol('s'), message: { not: 'text' }, stack: [() => 1] })
  const [got] = stream().pass(odd) as [Error]
  expect([got.name, got.message]).toEqual(['Symbol(s)', '[object Object]'])
})

test('what inherits from a built-in arrives as the built-in', () => {
  class Names extends Map<string, number> {}
  class List extends Array<unknown> {}
  const list = List.of<unknown>(new Date(1), 2)
  const [map, array, bytes] = stream().pass(new Names([['a', 1]]), list, Buffer.from('hi')) as unknown[]
  expect(map).toStrictEqual(new Map([['a', 1]]))
  expect(array).toStrictEqual([new Date(1), 2])
  expect(bytes).toStrictEqual(new Uint8Array([104, 105]))
})

test('an object without a prototype arrives as a plain one', () => {
  expect(stream().pass(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual([{ a: 1 }])
})

test('hundreds of shapes over one stream do not get mixed up', () => {
  const { pass } = stream()
  for (let round = 0; round < 3; round++) {
    for (let shape = 0; shape < 300; shape++) {
      const message = { [`field${shape}`]: shape, [`other${shape % 7}`]: { [`deep${shape % 90}`]: [shape] } }
      expect(pass(message, [message, { steady: round }])).toStrictEqual([message, [message, { steady: round }]])
    }
  }
})

test('an object of ten thousand keys arrives', () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]))
  expect(stream().pass(wide, wide)).toStrictEqual([wide, wide])
})

test('what arrived is a copy: neither the bytes nor the message matter any more', () => {
  const encoder = new SignalEncoder(sender)
  const decoder = new SignalDecoder({ ...receiver, pidOf }, sender)
  const message = {
    bytes: new Uint8Array([1, 2, 3]),
    floats: new Float64Array([0.5]),
    list: ['x'],
    buffer: new Uint8Array([4]).buffer,
  }
  const wire = Buffer.from(encoder.encode(signalOf(message)))
  message.bytes[0] = 99
  message.list[0] = 'changed'
  const got = (decoder.decode(wire) as { message: unknown }).message
  wire.fill(0xff)
  expect(got).toStrictEqual({
    bytes: new Uint8Array([1, 2, 3]),
    floats: new Float64Array([0.5]),
    list: ['x'],
    buffer: new Uint8Array([4]).buffer,
  })
})

test('every kind of signal arrives, whether or not the other life was known', () => {
  const from = pidOf(sender.name, sender.creation, 3)
  const to = pidOf(receiver.name, receiver.creation, 4)
  const signals: Signal[] = [
    { kind: 'send', from, to, message: { a: 1 } },
    { kind: 'send', from, to: 'name', message: undefined },
    { kind: 'aliasSend', from, to: new AliasRef(receiver.name, receiver.creation, 7, 2n ** 64n - 1n), message: 'm' },
    { kind: 'cast', from, to, request: ['c'] },
    { kind: 'call', from, to, ref: 5, request: null },
    { kind: 'stop', from, to, ref: 7, reason: { over: true } },
    { kind: 'reply', ref: 5, value: new Map() },
    { kind: 'link', from, to },
    { kind: 'unlink', from, to, id: 3 },
    { kind: 'unlinkAck', from, to, id: 3 },
    { kind: 'monitor', from, to: 'name', ref: 2 ** 40 },
    { kind: 'demonitor', ref: 2 ** 40 },
    { kind: 'down', ref: 6, reason: 'noproc' },
    { kind: 'exit', from, to, reason: { error: { message: 'm' } }, linked: true },
    { kind: 'exit', from, to: 'name', reason: 'kill', linked: false },
  ]
  expect(stream(true).send(...signals)).toStrictEqual(signals)
  expect(stream(false).send(...signals)).toStrictEqual(signals)
})

test('a pid of an earlier life of the receiver does not become one of this life', () => {
  const old = pidOf(receiver.name, receiver.creation - 1, 4)
  const [signal] = stream().send({ ...signalOf(old), to: old } as Signal)
  expect(signal).toMatchObject({
    to: { creation: receiver.creation - 1 },
    message: { creation: receiver.creation - 1 },
  })
})

test('the sender counts what the receiver counts: what one lets through the other takes', () => {
  fc.assert(
    fc.property(value, value => {
      const encoder = new SignalEncoder(sender)
      const decoder = new SignalDecoder({ ...receiver, pidOf }, sender)
      decoder.decode(Uint8Array.from(encoder.encode({ kind: 'reply', ref: 0, value })))
      const { heapBytes } = measureMessage(value)
      expect(decoder.heapBytes).toBeLessThanOrEqual(heapBytes)
    }),
    { numRuns: 300 },
  )
})
