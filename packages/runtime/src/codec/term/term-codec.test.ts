import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import type { BarrelError } from '../../errors.ts'
import { AliasRef } from '../../ref.ts'
import { messageBoundsDefaults } from '../bounds.ts'
import { pidOf, receiver } from '../values.suite.ts'
import { TermCodec } from './term-codec.ts'

const codec = new TermCodec({ ...receiver, pidOf }, messageBoundsDefaults)
const pass = (value: unknown) => codec.decode(codec.encode(value))

test('plain data is plain MessagePack, which any reader of it reads', () => {
  const value = { name: 'x', list: [1, 2.5, null, true], nested: { text: 'grün' } }
  expect(new Packr({ useRecords: false }).unpack(codec.encode(value))).toEqual(value)
  expect(codec.decode(new Packr({ useRecords: false }).pack(value))).toEqual(value)
})

test('what MessagePack has no type for is marked in a way that any reader shows', () => {
  const shown = (value: unknown) => new Packr({ useRecords: false }).unpack(codec.encode(value))
  expect(shown(new Set([1]))).toEqual({ $set: [1] })
  expect(shown(new Map([[1, 2]]))).toEqual({ $map: [1, 2] })
  expect(shown(new Date(5))).toEqual({ $date: 5 })
  expect(shown(pidOf('a@host', 7, 3))).toEqual({ $pid: 'a@host 7 3' })
  expect(shown([undefined])).toEqual([{ $undefined: true }])
})

test('objects that look like marks arrive as they were', () => {
  for (const value of [
    { $set: [1] },
    { $: 1 },
    { $object: { $date: 5 } },
    { $pid: 'x', more: 1 },
    { $unknown: null },
  ]) {
    expect(pass(value)).toStrictEqual(value)
  }
})

test('pids mean the same, whoever reads them', () => {
  const other = new TermCodec({ name: 'c@host', creation: 1, pidOf }, messageBoundsDefaults)
  const pids = [pidOf('a@host', 7, 3), pidOf('b@host', 9, 4)]
  expect(other.decode(codec.encode(pids))).toStrictEqual(pids)
})

test('what is read does not refer to the bytes', () => {
  const bytes = codec.encode({ bytes: new Uint8Array([1, 2, 3]), floats: new Float64Array([1]) })
  const value = codec.decode(bytes) as { bytes: Uint8Array; floats: Float64Array }
  bytes.fill(0xff)
  expect(value).toEqual({ bytes: new Uint8Array([1, 2, 3]), floats: new Float64Array([1]) })
})

test('what cannot be sent is refused with its place', () => {
  const refusal = (value: unknown) => {
    try {
      codec.encode(value)
      return undefined
    } catch (error) {
      return error as BarrelError
    }
  }
  expect(refusal({ a: [() => 1] })).toMatchObject({ code: 'E_MESSAGE_INVALID', fields: { path: 'a.0' } })
  expect(refusal({ a: new Set(Array.from({ length: 65_537 }, (_, index) => index)) })).toMatchObject({
    code: 'E_MESSAGE_INVALID',
    fields: { path: 'a' },
  })
})

test('a value that changes between two looks at it is refused or a value, and nothing else', () => {
  for (const second of [() => 1, Symbol('s'), /x/, { constructor: 1 }, JSON.parse('{"__proto__":1}'), '\ud800']) {
    let reads = 0
    const changing = {
      get field() {
        return reads++ === 0 ? 1 : second
      },
    }
    let outcome: unknown
    try {
      outcome = pass(changing)
    } catch (error) {
      outcome = (error as BarrelError).code
    }
    expect(['E_MESSAGE_INVALID', { field: '\ud800' }]).toContainEqual(outcome)
  }
})

test('an alias keeps its key', () => {
  for (const key of [0n, 2n ** 64n - 1n]) {
    const { alias } = pass({ alias: new AliasRef('a@host', 7, 5, key) }) as { alias: AliasRef }
    expect([String(alias), AliasRef.exportKey(alias)]).toEqual(['#Ref<a@host.7.5>', key])
  }
})

test('a byte order mark is not lost', () => {
  for (const text of ['\ufeff', `\ufeff${'a'.repeat(100)}`]) expect(pass({ text })).toEqual({ text })
  expect(() => pass({ '\ufeffkey': 1 })).toThrow(/byte order mark/)
})
