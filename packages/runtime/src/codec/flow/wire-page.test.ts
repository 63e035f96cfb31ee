// docs/wire/signals.md lists every number that goes over the wire and no other, and its recorded bytes are what is written.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Pid } from '../../pid.ts'
import { AliasRef, Ref } from '../../ref.ts'
import type { Signal } from '../../signal.ts'
import { messageBoundsDefaults as bounds } from '../bounds.ts'
import { typedArrayClasses } from '../typed-arrays.ts'
import { flowLimits } from './flow-limits.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'
import { signalKind, targetForm } from './signal-kind.ts'
import { tag } from './tags.ts'

const page = await readFile(new URL('../../../../../docs/wire/signals.md', import.meta.url), 'utf8')

/** The numbers at the beginning of the rows of a chapter's tables. */
function firstCells(chapter: string, pattern: RegExp): number[] {
  const text = page.split(/^## /m).find(part => part.startsWith(`${chapter}\n`)) ?? ''
  return [...text.matchAll(pattern)].map(([, number]) => Number(number))
}

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)

test('the page of the wire has every kind of signal and every form of a target, and no other', () => {
  expect(firstCells('Signals', /^\| (\d+) \w+/gm)).toEqual(ascending(Object.values(signalKind)))
  expect(firstCells('Signals', /^\| (0x\w+)/gm)).toEqual([0, ...ascending(Object.values(targetForm))])
})

test('the page of the wire has every tag, and no other', () => {
  expect(firstCells('Values', /^\| (0x\w+)/gm)).toEqual(ascending(Object.values(tag)))
})

test('the page of the wire has every class of typed arrays, and every bound', () => {
  expect(page.replaceAll('\n', ' ')).toContain(typedArrayClasses.map(({ name }) => `\`${name}\``).join(', '))
  for (const said of [
    `**Texts**: ${flowLimits.textsMax.toLocaleString('en')}.`,
    `texts of ${flowLimits.textLengthMin} to ${flowLimits.textLengthMax} characters`,
    `**Shapes**: ${flowLimits.shapesMax}, each the keys of an object in their order, at most ${flowLimits.shapeKeysMax}`,
    `${flowLimits.shapeCharactersMax.toLocaleString('en')} characters of keys`,
    `${bounds.nodesMax.toLocaleString('en')} values, ${bounds.depthMax} levels`,
    `${bounds.entriesMax.toLocaleString('en')} entries`,
    `${bounds.bigintBytesMax} bytes for a bigint`,
    `of ${bounds.heapPerByteMax} times the bytes`,
  ]) {
    expect(page).toContain(said)
  }
})

const sender = { name: 'a@host', creation: 7 }
const receiver = { name: 'b@host', creation: 9 }
const home = {}
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, home)
const [from, to] = [pidOf('a@host', 7, 1), pidOf('b@host', 9, 300)]
const send = (message: unknown): Signal => ({ kind: 'send', from, to: 'x', message })

/** The bytes of signals that follow each other in a new flow. */
function written(signals: readonly Signal[]): Buffer[] {
  const encoder = new SignalEncoder(sender)
  encoder.remote = receiver
  return signals.map(signal => Buffer.from(encoder.encode(signal)))
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const headBytes = written([send(null)])[0]?.subarray(0, -1).length as number

function errorOf(options?: ErrorOptions): Error {
  return Object.assign(new Error('no', options), { name: 'E', stack: 'at x' })
}

const values: [string, unknown][] = [
  ['`5`', 5],
  ['`-1`', -1],
  ['`70_000`', 70_000],
  ['`-0`', -0],
  ['`1.5`', 1.5],
  ["`''`", ''],
  ["`'abc'`", 'abc'],
  ["`'grün'`", 'grün'],
  ["`'你好'`", '你好'],
  ["`'a'.repeat(32)`", 'a'.repeat(32)],
  ["`'—'` after 41 times `'a'`", `${'a'.repeat(41)}—`],
  ['`null`', null],
  ['`undefined`', undefined],
  ['`true`', true],
  ['`false`', false],
  ['`-258n`', -258n],
  ['`[]`', []],
  ['`[1, [2]]`', [1, [2]]],
  ['sixteen times 0 in an array', new Array(16).fill(0)],
  ['`{ a: 1 }`', { a: 1 }],
  ['`[{ a: 1 }, { a: 2 }, { a: 3 }]`', [{ a: 1 }, { a: 2 }, { a: 3 }]],
  ["`['abc', 'abc', 'abc']`", ['abc', 'abc', 'abc']],
  ['`new Set([1])`', new Set([1])],
  ['`new Map([[1, 2]])`', new Map([[1, 2]])],
  ['`new Date(1000)`', new Date(1000)],
  ['an error `E`: `no`, with the stack `at x`', errorOf()],
  ['the same with the code `C` and the cause 5', Object.assign(errorOf({ cause: 5 }), { code: 'C' })],
  ['`Uint8Array.of(1, 2)`', Uint8Array.of(1, 2)],
  ['`new ArrayBuffer(2)`', new ArrayBuffer(2)],
  ['`Int16Array.of(1)`', Int16Array.of(1)],
  ['process 1 of the sender', from],
  ['process 300 of the receiver', to],
  ['process 3 of life 5 of c@host', pidOf('c@host', 5, 3)],
  ['ref 4 of life 7 of a@host', new Ref('a@host', 7, 4)],
  ['alias 4 of life 7 of a@host with the key 0x0102030405060708', new AliasRef('a@host', 7, 4, 0x0102030405060708n)],
]

const signals: [string, Signal][] = [
  ['send 5 from 1 to the name x', send(5)],
  ['send 5 from 1 to 300', { kind: 'send', from, to, message: 5 }],
  ['send 5 from 1 to 300 of life 2', { kind: 'send', from, to: pidOf('b@host', 2, 300), message: 5 }],
  ['cast 5 from 1 to 300', { kind: 'cast', from, to, request: 5 }],
  ['call from 1 to 300 with ref 4 and 5', { kind: 'call', from, to, ref: 4, request: 5 }],
  ['reply 5 to ref 4', { kind: 'reply', ref: 4, value: 5 }],
  ['link from 1 to 300', { kind: 'link', from, to }],
  ['unlink from 1 to 300 with id 6', { kind: 'unlink', from, to, id: 6 }],
  ['unlinkAck from 1 to 300 with id 6', { kind: 'unlinkAck', from, to, id: 6 }],
  ['monitor from 1 to 300 with ref 4', { kind: 'monitor', from, to, ref: 4 }],
  ['demonitor ref 4', { kind: 'demonitor', ref: 4 }],
  ['down of ref 4 with the reason normal', { kind: 'down', ref: 4, reason: 'normal' }],
  [
    'exit along a link from 1 to 300 with the reason normal',
    { kind: 'exit', from, to, reason: 'normal', linked: true },
  ],
  [
    'send 5 from 1 to the alias 8 with the key 0x0102030405060708',
    { kind: 'aliasSend', from, to: new AliasRef('b@host', 9, 8, 0x0102030405060708n), message: 5 },
  ],
  ['stop from 1 to 300 with ref 4 and the reason normal', { kind: 'stop', from, to, ref: 4, reason: 'normal' }],
]

/** The rows of the page. */
const rows: [string, Signal, number][] = [
  ...values.map(([name, value]): [string, Signal, number] => [name, send(value), headBytes]),
  ...signals.map(([name, signal]): [string, Signal, number] => [name, signal, 0]),
]

describe('recorded bytes', () => {
  test.each(rows)('of %s are on the page, are what is written, and are read as that', (name, signal, from) => {
    const [bytes] = written([signal]) as [Buffer]
    expect(page).toContain(`| ${name} | \`${hexOf(bytes.subarray(from))}\` |`)
    const decoder = new SignalDecoder({ ...receiver, pidOf }, sender)
    expect(decoder.decode(bytes)).toStrictEqual(signal)
  })

  test('of every kind of signal and every tag are on the page', () => {
    const all = Buffer.concat(rows.flatMap(([, signal]) => written([signal])))
    for (const number of Object.values(tag)) {
      // It takes 33 shapes to see that one.
      if (number !== tag.record) expect([number, all.includes(number)]).toEqual([number, true])
    }
    expect(new Set(signals.map(([, { kind }]) => kind)).size).toBe(Object.keys(signalKind).length)
  })
})
