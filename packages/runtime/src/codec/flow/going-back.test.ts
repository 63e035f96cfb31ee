// A reader goes back where an object holds a container after all, and over a message that is refused for its cost. What
// it read before must be as if it had never been.
import { describe, expect, test } from 'vitest'
import { Pid } from '../../pid.ts'
import type { Signal } from '../../signal.ts'
import { messageBoundsDefaults } from '../bounds.ts'
import { flowLimits } from './flow-limits.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const newDecoder = (nodesMax = messageBoundsDefaults.nodesMax) =>
  new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender, { ...messageBoundsDefaults, nodesMax })

/** Of a reply to ref 0. */
const head = [4, 0]
const valueIn = (signal: Signal) => (signal as { value: unknown }).value

function flow(nodesMax?: number) {
  const encoder = new SignalEncoder(sender)
  const decoder = newDecoder(nodesMax)
  const pass = (value: unknown) =>
    valueIn(decoder.decode(Uint8Array.from(encoder.encode({ kind: 'reply', ref: 0, value }))))
  return { decoder, pass }
}

/** A decoder all of whose texts are defined, with the one that is defined next behind the first. */
function fullDecoder(nodesMax?: number): SignalDecoder {
  const decoder = newDecoder(nodesMax)
  for (let number = 0; number < flowLimits.textsMax; number++) {
    decoder.decode(Buffer.from([...head, 0xa4, 0x85, ...Buffer.from(`t${String(number).padStart(4, '0')}`)]))
  }
  return decoder
}

const fresh = [0xa4, 0x85, ...Buffer.from('fresh')]

describe('an object of a flat shape that holds a container after all', () => {
  test('is read whole, though much lies between its first text and the container', () => {
    const { pass } = flow()
    for (let index = 0; index < 300; index++) {
      const value = {
        id: 'ab',
        body: 'x'.repeat(1_500) + index,
        tag: `q${index % 10}`,
        list: index === 250 ? [1] : null,
      }
      expect(pass(value)).toEqual(value)
    }
  })

  test('keeps the text whose number was defined anew between', () => {
    const decoder = fullDecoder()
    decoder.decode(Buffer.from([...head, 0xe1, 3, 0x81, 97, 0x81, 98, 0x81, 99, 1, 2, 3]))
    for (let use = 0; use < 150; use++) decoder.decode(Buffer.from([...head, 0xc0, 1, 2, 3]))
    const value = valueIn(decoder.decode(Buffer.from([...head, 0xc0, 0xa0, 0, ...fresh, 0xb0])))
    expect(value).toEqual({ a: 't0000', b: 'fresh', c: [] })
  })
})

describe('a message that is refused for its cost', () => {
  test('leaves the flow in step, though much lies before what it defines', () => {
    const { decoder, pass } = flow(20)
    const costly = () => ({ id: 'abcd', body: 'x'.repeat(1_500), tag: 'qqqq', rest: Array(30).fill('tttt') })
    for (let times = 0; times < 4; times++) {
      pass(costly())
      expect(decoder.refusal).toMatch(/more than 20 values/)
    }
    expect(pass({ tag: 'qqqq', rest: ['tttt'] })).toEqual({ tag: 'qqqq', rest: ['tttt'] })
  })

  test('leaves the shapes that it defined with the keys that they had', () => {
    const decoder = fullDecoder(20)
    const costly = [0xb3, 0xe1, 1, 0xa0, 0, 1, ...fresh, 0xe3, 30, ...Array<number>(30).fill(0)]
    decoder.decode(Buffer.from([...head, ...costly]))
    expect(decoder.refusal).toMatch(/more than 20 values/)
    expect(valueIn(decoder.decode(Buffer.from([...head, 0xc0, 5])))).toEqual({ t0000: 5 })
  })
})

test('long streams of all kinds arrive as they were sent, refused and unsendable messages between them', () => {
  const { decoder, pass } = flow(60)
  let refused = 0
  const random = (below: number) => Math.floor(Math.random() * below)
  const text = () => ['', 'ab', `tag ${random(40)}`, `text ${random(2_000)}`, 'x'.repeat(random(1_800))][random(5)]
  const value = (depth: number): unknown => {
    if (depth === 0 || random(3) === 0) return [text(), random(300), null, 1.5, text()][random(5)]
    if (random(3) === 0) return Array.from({ length: random(40) }, () => value(depth - 1))
    return Object.fromEntries(
      Array.from({ length: random(6) }, (_, key) => [`key${key + random(4)}`, value(depth - 1)]),
    )
  }
  for (let count = 0; count < 6_000; count++) {
    const message = value(3)
    const got = pass(message)
    if (decoder.refusal === undefined) expect(got).toEqual(message)
    else refused++
    if (count % 50 === 0) expect(() => pass([message, text(), () => {}])).toThrow(/a function at 2/)
  }
  expect(refused).toBeGreaterThan(100)
})
