import { expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { Pid } from '../../pid.ts'
import { Ref } from '../../ref.ts'
import type { Signal } from '../../signal.ts'
import type { WriterMemory } from './byte-writer.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const receiver = { name: 'b@host', creation: 3, pidOf }

const signalOf = (serial: number, message: unknown): Signal => ({
  kind: 'send',
  from: pidOf('a@host', 7, serial),
  to: 'somebody',
  message,
})

test('signals of several processes over one stream keep their senders', () => {
  const [encoder, decoder] = [new SignalEncoder(sender), new SignalDecoder(receiver, sender)]
  const serials = [1, 1, 2, 1, 3, 3]
  const decoded = serials.map(serial => decoder.decode(Uint8Array.from(encoder.encode(signalOf(serial, 'x')))))
  expect(decoded.map(signal => (signal as Signal & { kind: 'send' }).from.serial)).toEqual(serials)
})

/** Memory that says what it gave and got back. */
function countingMemory() {
  const taken: Buffer[] = []
  const given: Buffer[] = []
  const memory: WriterMemory = {
    take: bytes => {
      const buffer = Buffer.alloc(bytes)
      taken.push(buffer)
      return buffer
    },
    give: buffer => void given.push(buffer),
  }
  return { memory, taken, given }
}

test('a signal encoded alone lies in memory of the caller, and nothing that is encoded later is written there', () => {
  const encoder = new SignalEncoder(sender)
  const { memory, taken } = countingMemory()
  const bytes = encoder.encodeAlone(signalOf(1, 'first'), memory)
  expect(bytes.buffer).toBe(taken[0]?.buffer)
  const before = Buffer.from(bytes)
  encoder.encode(signalOf(2, 'second'))
  encoder.encodeAlone(signalOf(3, 'third'), memory)
  expect(before.equals(bytes)).toBe(true)
  expect(new SignalDecoder(receiver, sender).decodeAlone(Uint8Array.from(bytes))).toMatchObject({ message: 'first' })
})

test('a signal encoded alone takes more memory as it grows, and gives back what was too small', () => {
  const encoder = new SignalEncoder(sender)
  const { memory, taken, given } = countingMemory()
  const message = Array.from({ length: 20_000 }, (_, index) => `text ${index}`)
  const bytes = encoder.encodeAlone(signalOf(1, message), memory)
  expect(taken.length).toBeGreaterThan(1)
  expect(given).toEqual(taken.slice(0, -1))
  expect(new SignalDecoder(receiver, sender).decodeAlone(Uint8Array.from(bytes))).toMatchObject({ message })
})

test('memory for a signal that was too large for its flow is taken once', () => {
  const encoder = new SignalEncoder(sender)
  const { memory, taken } = countingMemory()
  const signal = signalOf(1, { bytes: new Uint8Array(100_000) })
  expect(encoder.write(signal, 4, 65_536)).toBeUndefined()
  expect(encoder.encodeAlone(signal, memory).length).toBeGreaterThan(100_000)
  expect(taken.map(({ length }) => length)).toEqual([expect.closeTo(104_300, -3)])
  encoder.encodeAlone(signalOf(1, 'small'), memory)
  expect(taken[1]?.length).toBeLessThan(10_000)
})

test('memory for a signal that cannot be sent is given back', () => {
  const encoder = new SignalEncoder(sender)
  const { memory, taken, given } = countingMemory()
  expect(() =>
    encoder.encodeAlone(
      signalOf(1, () => {}),
      memory,
    ),
  ).toThrow(/a function at its root/)
  expect(() => encoder.encodeAlone(signalOf(1, new Uint8Array(limits.signalBytesMax)), memory)).toThrow(/more than/)
  expect(given).toEqual(taken)
})

test('what was too large for a flow defines nothing in it', () => {
  const encoder = new SignalEncoder(sender)
  const decoder = new SignalDecoder(receiver, sender)
  const large = { of: 'a shape', and: ['texts', 'texts'], bytes: new Uint8Array(70_000) }
  for (let times = 0; times < 3; times++) {
    expect(encoder.write(signalOf(1, [large, large]), 0, 65_536)).toBeUndefined()
    const small = { of: 'a shape', and: ['texts', 'texts'], bytes: new Uint8Array(times) }
    expect(decoder.decode(Uint8Array.from(encoder.encode(signalOf(1, small))))).toMatchObject({ message: small })
  }
})

test('a message that sends while it is read is refused, and so is what it sends', () => {
  const encoder = new SignalEncoder(sender)
  const decoder = new SignalDecoder(receiver, sender)
  let inner: unknown
  const message = {
    get sends() {
      try {
        return encoder.encode(signalOf(2, { shape: 'of its own' })).length
      } catch (error) {
        inner = error
        throw error
      }
    },
  }
  expect(() => encoder.encode(signalOf(1, message))).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
  expect(inner).toMatchObject({ code: 'E_MESSAGE_INVALID', what: expect.stringContaining('another message') })
  const next = { shape: 'of its own' }
  expect(decoder.decode(Uint8Array.from(encoder.encode(signalOf(1, next))))).toMatchObject({ message: next })
})

test('every field is read once: what a getter gives is what is checked and what is sent', () => {
  let reads = 0
  const message = {
    get changing() {
      reads++
      return reads === 1 ? 'fine' : () => 'not fine'
    },
  }
  const bytes = Uint8Array.from(new SignalEncoder(sender).encode(signalOf(1, message)))
  expect(new SignalDecoder(receiver, sender).decode(bytes)).toMatchObject({ message: { changing: 'fine' } })
  expect(reads).toBe(1)
})

test('a message that is encoded alone while another is read gives away no memory but its own', () => {
  const encoder = new SignalEncoder(sender)
  const { memory, taken, given } = countingMemory()
  const message = {
    get sends() {
      expect(() => encoder.encodeAlone(signalOf(2, 'inner'), memory)).toThrow(/another message/)
      return 1
    },
  }
  expect(() => encoder.encode(signalOf(1, message))).not.toThrow()
  expect(given).toEqual(taken)
})

test('texts of ASCII are refused past their own size only, and go in one piece where they fit', () => {
  const encoder = new SignalEncoder(sender)
  expect(encoder.encodeAlone(signalOf(1, 'x'.repeat(40 * 2 ** 20))).length).toBeGreaterThan(40 * 2 ** 20)
  for (const length of [20_000, 30_000, 40_000, 65_000]) {
    expect(encoder.write(signalOf(1, 'x'.repeat(length)), 4, 65_536)).toBeDefined()
  }
  expect(encoder.write(signalOf(1, 'x'.repeat(66_000)), 4, 65_536)).toBeUndefined()
})

test('objects with ever new keys leave nothing in the flow, though the messages that hold them are too large', () => {
  const encoder = new SignalEncoder(sender)
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 200; count++) {
    const tables = Array.from({ length: 500 }, (_, index) => ({ [`id${count} ${index}`]: 1 }))
    expect(encoder.write(signalOf(1, [tables, 'y'.repeat(70_000)]), 0, 65_536)).toBeUndefined()
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(24 * 2 ** 20)
})

class Longer extends Uint8Array {
  override get length() {
    return 200
  }
}

test.each<[string, unknown, unknown]>([
  ['a class that lies about its length', new Longer(4), new Uint8Array(4)],
  [
    'bytes with a length of their own',
    Object.defineProperty(new Uint8Array(4), 'length', { value: 200 }),
    new Uint8Array(4),
  ],
])('%s sends the bytes that there are', (_, value, meant) => {
  const bytes = Uint8Array.from(new SignalEncoder(sender).encode(signalOf(1, value)))
  expect((new SignalDecoder(receiver, sender).decode(bytes) as { message: unknown }).message).toEqual(meant)
})

test.each<[string, unknown]>([
  ['a ref with a negative number', new Ref('a@host', -1, 1)],
  ['a ref of a node without a name', new Ref('bad name', 1, 1)],
  ['a pid of a node without a name', pidOf('bad name', 1, 1)],
  [
    'an array whose length is a text',
    new Proxy([1], { get: (list, key) => (key === 'length' ? '5' : Reflect.get(list, key)) }),
  ],
  [
    'an array whose length is negative',
    new Proxy([1], { get: (list, key) => (key === 'length' ? -5 : Reflect.get(list, key)) }),
  ],
])('%s is refused', (_, value) => {
  expect(() => new SignalEncoder(sender).encode(signalOf(1, value))).toThrow(
    expect.objectContaining({ code: 'E_MESSAGE_INVALID' }),
  )
})

test('an object that changes its keys while it is read is sent as it was read', () => {
  const wide: Record<string, unknown> = {}
  for (let key = 0; key < 70; key++) wide[`k${key}`] = `v${key}`
  Object.defineProperty(wide, 'k69', {
    enumerable: true,
    configurable: true,
    get() {
      delete wide['k0']
      wide['late'] = 1
      return 'v69'
    },
  })
  const bytes = Uint8Array.from(new SignalEncoder(sender).encode(signalOf(1, wide)))
  const { message } = new SignalDecoder(receiver, sender).decode(bytes) as { message: Record<string, unknown> }
  expect([message['k0'], message['k1'], message['k69'], message['late']]).toEqual(['v0', 'v1', 'v69', undefined])
})

test('fields that a program gives to all objects are not sent', () => {
  const encoder = new SignalEncoder(sender)
  const decoder = new SignalDecoder(receiver, sender)
  const pass = (message: object) =>
    (decoder.decode(Uint8Array.from(encoder.encode(signalOf(1, message)))) as { message: object }).message
  for (let times = 0; times < 3; times++) pass({ a: 1, inherited: 2 })
  try {
    Object.assign(Object.prototype, { inherited: 3 })
    expect(Object.hasOwn(pass({ a: 1 }), 'inherited')).toBe(false)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'inherited')
  }
})
