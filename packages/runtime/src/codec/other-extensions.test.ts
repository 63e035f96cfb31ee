// msgpackr keeps its extensions per OS process: what an application registers for itself must not reach our wire.
import { addExtension } from 'msgpackr'
import { expect, test } from 'vitest'
import { Pid } from '../pid.ts'
import { Ref } from '../ref.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const receiver = { name: 'b@host', creation: 3, pidOf }

const message = {
  pids: [pidOf('a@host', 7, 1), pidOf('b@host', 3, 2), pidOf('c@host', 9, 3)],
  ref: new Ref('a@host', 7, 5),
  data: [new Map([[1, { two: undefined }]]), new Set(['x']), new Date(5), 5n, 1n << 100n, -0, null, [undefined]],
  bytes: [Uint8Array.of(1, 2), Buffer.from('three'), new Float64Array([1.5]), new ArrayBuffer(4)],
  error: Object.assign(new TypeError('wrong'), { stack: 'at home', code: 'E_X' }),
}

function encoded(): Uint8Array {
  const encoder = new SignalEncoder(sender)
  encoder.remote = receiver
  const signal = { kind: 'send', from: message.pids[0] as Pid, to: 'somebody', message } as const
  return Uint8Array.from(encoder.encode(signal))
}

const decoded = (bytes: Uint8Array) => new SignalDecoder(receiver, sender).decode(bytes)

test('whatever codes and classes an application registers with msgpackr, signals are the same bytes and read the same', () => {
  const before = encoded()
  const meant = decoded(before)
  expect(meant).toMatchObject({ message: { data: message.data, error: message.error } })
  for (let type = 1; type < 128; type++) {
    addExtension({ type, unpack: () => 'not ours' })
    addExtension({ type, read: () => 'not ours' })
  }
  const classes = [Pid, Ref, Map, Set, Date, Error, TypeError, Buffer, ArrayBuffer, Float64Array, Array]
  for (const [index, Class] of classes.entries()) {
    const type = 40 + index
    addExtension({ Class: Class as never, type, pack: () => Buffer.from('not ours'), unpack: () => 'not ours' })
  }
  expect(Buffer.compare(encoded(), before)).toBe(0)
  expect(decoded(before)).toEqual(meant)
})
