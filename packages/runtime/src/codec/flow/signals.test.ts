import { expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { Pid } from '../../pid.ts'
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
