import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { Pid } from '../pid.ts'
import type { Signal } from '../signal.ts'
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

test('a signal packed alone lies in the buffer that was given, and nothing that is packed later is written there', () => {
  const encoder = new SignalEncoder(sender)
  const buffer = Buffer.alloc(64 * 1024)
  const bytes = encoder.packAlone(encoder.lower(signalOf(1, 'first')), buffer)
  expect(bytes.buffer).toBe(buffer.buffer)
  const before = Buffer.from(buffer)
  const ofApplication = new Packr().pack({ some: 'thing else', of: 'the application' })
  encoder.encode(signalOf(2, 'second'))
  encoder.packAlone(encoder.lower(signalOf(3, 'third')))
  expect(buffer.equals(before)).toBe(true)
  expect(ofApplication.buffer).not.toBe(buffer.buffer)
  expect(new SignalDecoder(receiver, sender).decodeAlone(Uint8Array.from(bytes))).toMatchObject({ message: 'first' })
})

test('a signal packed alone that does not fit into the buffer has one of its own', () => {
  const encoder = new SignalEncoder(sender)
  const buffer = Buffer.alloc(4 * 1024)
  const bytes = encoder.packAlone(encoder.lower(signalOf(1, new Uint8Array(10_000))), buffer)
  expect(bytes.buffer).not.toBe(buffer.buffer)
  encoder.encode(signalOf(2, 'second'))
  const decoded = new SignalDecoder(receiver, sender).decodeAlone(Uint8Array.from(bytes))
  expect(decoded).toMatchObject({ message: new Uint8Array(10_000) })
})
