import { applyChanges, changes, fuzz, type Outcome } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCode } from '../../errors.ts'
import { Pid } from '../../pid.ts'
import type { Signal } from '../../signal.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { measureMessage, SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})

/** Feeds bytes to a fresh decoder: what comes out is a signal, or the one error. Anything else fails the test. */
function feed(...stream: Uint8Array[]): Signal[] | 'refused' {
  const decoder = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
  try {
    return stream.map(bytes => decoder.decode(bytes))
  } catch (error) {
    if (!hasCode(error, 'E_SIGNAL_INVALID')) throw error
    // No bytes of a peer may fail in a way that the decoder does not foresee.
    if (error.fields['problem'] === 'bytes that cannot be read') throw error
    return 'refused'
  }
}

const samples: unknown[] = [
  { name: 'x', list: [1, 2.5, -0, null, undefined, 300, 70_000], map: new Map([[{ a: 1 }, 'b']]) },
  [
    new Set([1, 'a']),
    new Date(0),
    2n ** 70n,
    5n,
    new Uint8Array([1, 2]),
    new Float64Array([1]),
    new DataView(new ArrayBuffer(2)),
    'ä'.repeat(100),
    '你好'.repeat(30),
    'more than forty characters, none of them special',
  ],
  { error: new Error('e', { cause: new TypeError('c') }), pid: pidOf('a@host', 7, 3), other: pidOf('c@host', 1, 3) },
  { name: 'x', list: [{ deep: 'text' }, { deep: 'text' }], map: { constructed: 'text' } },
]

function valid(): Uint8Array[] {
  const encoder = new SignalEncoder(sender)
  const from = pidOf('a@host', 7, 1)
  const signals: Signal[] = [...samples, ...samples].flatMap((message): Signal[] => [
    { kind: 'send', from, to: 'name', message },
    { kind: 'call', from, to: pidOf('b@host', 9, 2), ref: 4, request: message },
    { kind: 'exit', from, to: pidOf('b@host', 9, 2), reason: message, linked: true },
  ])
  return signals.map(signal => Uint8Array.from(encoder.encode(signal)))
}

/** Of a message to the name `x`. */
const head = Buffer.of(0x11, 1, 0x81, 0x78)

function outcomeOf(...stream: Uint8Array[]): Outcome {
  const signals = feed(...stream)
  if (signals === 'refused') return signals
  expect(signals.every(({ kind }) => typeof kind === 'string')).toBe(true)
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
  return 'accepted'
}

test('random bytes are refused or are signals', () =>
  fuzz('signals at random', fc.uint8Array({ maxLength: 200 }), bytes => outcomeOf(bytes)))

test('random bytes behind the head of a signal are refused or are signals', () =>
  fuzz('signals behind a head', fc.uint8Array({ maxLength: 100 }), bytes => outcomeOf(Buffer.concat([head, bytes]))))

test('valid bytes with some of them changed are refused or are signals', () => {
  const stream = valid()
  return fuzz('signals', fc.tuple(fc.nat(stream.length - 1), changes), ([index, list]) =>
    outcomeOf(...stream.with(index, applyChanges(stream[index] as Uint8Array, list, stream))),
  )
})

test('values put together at random are refused or are signals', () => {
  const tags = fc.integer({ min: 0x80, max: 0xff })
  const piece = fc.oneof(
    { weight: 4, arbitrary: tags.map(tag => [tag]) },
    { weight: 2, arbitrary: fc.tuple(tags, fc.nat(20)).map(([tag, length]) => [tag, length]) },
    { weight: 2, arbitrary: fc.nat(127).map(whole => [whole]) },
    { weight: 1, arbitrary: fc.constantFrom([0x83, 97, 98, 99], [0xa4, 0x83, 97, 98, 99], [0xe1, 1, 0x81, 97]) },
    { weight: 1, arbitrary: fc.constantFrom([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0x7f]) },
  )
  const pieces = fc.array(piece, { minLength: 1, maxLength: 40 }).map(list => Uint8Array.from(list.flat()))
  return fuzz('signals of pieces', pieces, bytes => outcomeOf(Buffer.concat([head, bytes])))
})

test('every single bit flip of valid bytes is refused or gives signals', () => {
  for (const bytes of valid()) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const mutated = Uint8Array.from(bytes)
      mutated[bit >> 3] = (mutated[bit >> 3] as number) ^ (1 << (bit & 7))
      feed(mutated)
    }
  }
})

test('valid bytes that are cut short anywhere are refused', () => {
  const stream = valid()
  for (const [index, bytes] of stream.entries()) {
    const before = stream.slice(0, index)
    for (let length = 0; length < bytes.length; length++) {
      expect(feed(...before, bytes.subarray(0, length))).toBe('refused')
    }
  }
})

test('what follows a signal is refused', () => {
  const [bytes] = valid() as [Uint8Array]
  expect(feed(Buffer.concat([bytes, bytes]))).toBe('refused')
  expect(feed(Buffer.concat([bytes, Buffer.from([0xa8])]))).toBe('refused')
})

test('a decoder reads what lies between its two bounds and nothing beyond', () => {
  const [bytes] = valid() as [Uint8Array]
  const decoder = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
  const padded = Buffer.concat([Buffer.from([0xff, 0xff]), bytes, Buffer.from([0xff])])
  expect(decoder.decode(padded, 2, 2 + bytes.length)).toMatchObject({ kind: 'send', to: 'name' })
  const text = Buffer.concat([head, Buffer.from([0x89]), Buffer.from('secret')])
  expect(() => decoder.decode(Buffer.concat([text, Buffer.from('abc')]), 0, text.length)).toThrow(/cut short/)
})

test('a message that is refused for its cost leaves the flow as if it had been read', () => {
  const encoder = new SignalEncoder(sender)
  const wide = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
  const narrow = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender, { ...wide.bounds, nodesMax: 10 })
  const from = pidOf('a@host', 7, 1)
  let refused = 0
  for (const message of [...samples, ...samples, ...samples]) {
    const bytes = Uint8Array.from(encoder.encode({ kind: 'send', from, to: 'name', message }))
    const meant = wide.decode(bytes)
    const got = narrow.decode(bytes)
    if (narrow.refusal === undefined) expect(got).toEqual(meant)
    else {
      refused++
      expect(got).toEqual({ ...meant, message: undefined })
      expect(narrow.refusal).toBe('more than 10 values')
    }
  }
  expect(refused).toBe(3 * samples.filter(message => measureMessage(message).nodes > 10).length)
  expect(refused).toBeGreaterThan(0)
})
