// msgpackr keeps its extensions per OS process: what an application registers for itself must not reach our terms.
import { createRequire } from 'node:module'
import * as ofApplication from 'msgpackr'
import { expect, test } from 'vitest'
import { Pid } from '../../pid.ts'
import { Ref } from '../../ref.ts'
import { messageBoundsDefaults } from '../bounds.ts'
import { TermCodec } from './term-codec.ts'

const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const codec = new TermCodec({ name: 'b@host', creation: 3, pidOf }, messageBoundsDefaults)
// The copy of msgpackr that we use: an application may find that one too.
const ours = createRequire(import.meta.url)('msgpackr/index-no-eval') as typeof ofApplication

const value = {
  pids: [pidOf('a@host', 7, 1), pidOf('b@host', 3, 2)],
  ref: new Ref('a@host', 7, 5),
  data: [new Map([[1, { two: undefined }]]), new Set(['x']), new Date(5), 5n, 1n << 100n, -0, null, [undefined]],
  bytes: [Uint8Array.of(1, 2), Buffer.from('three'), new Float64Array([1.5]), new ArrayBuffer(4)],
  error: Object.assign(new TypeError('wrong'), { stack: 'at home', code: 'E_X' }),
}

test('whatever codes and classes an application registers with msgpackr, terms are the same bytes and read the same', () => {
  const before = codec.encode(value)
  const meant = codec.decode(before)
  expect(meant).toMatchObject({ data: value.data, error: value.error })
  for (const { addExtension } of [ofApplication, ours]) {
    for (let type = 0; type < 128; type++) {
      addExtension({ type, unpack: () => 'not ours' })
      addExtension({ type, read: () => 'not ours' })
    }
    const classes = [Pid, Ref, Map, Set, Date, Error, TypeError, Buffer, ArrayBuffer, Float64Array, Array]
    for (const [index, Class] of classes.entries()) {
      const type = 40 + index
      addExtension({ Class: Class as never, type, pack: () => Buffer.from('not ours'), unpack: () => 'not ours' })
    }
  }
  expect(Buffer.compare(codec.encode(value), before)).toBe(0)
  expect(codec.decode(before)).toEqual(meant)
})
