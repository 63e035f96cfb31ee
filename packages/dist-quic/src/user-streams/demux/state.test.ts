import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { decodeTag, encodePreamble, tagProblem } from './preamble.ts'
import { refusalCode, refusalOf, refusalText } from './refusal.ts'
import { createDemux, type DemuxState, type Effect, type Input, nextDueMs, step } from './state.ts'

const known = (tag: string) => (tag === 'file' ? undefined : ('unknownTag' as const))
const demux = () => createDemux({ judge: known })
const text = (value: string) => Uint8Array.from(Buffer.from(value))

function bytes(content: Uint8Array, { link = 1, streamId = 4, fin = false } = {}): Input {
  return { kind: 'bytes', link, streamId, bytes: content, fin }
}

function parkedCount(state: DemuxState): number {
  const count = [...state.parked.values()].reduce((sum, ofLink) => sum + ofLink.size, 0)
  expect(state.byAge.size).toBe(count)
  return count
}

const refused = (reason: string, streamId = 4): Effect[] => [
  { kind: 'refuse', link: 1, streamId, reason } as Effect & { kind: 'refuse' },
]
const half = encodePreamble('file').subarray(0, 3)

test('a preamble in one piece opens the stream with what came after it', () => {
  const state = demux()
  const content = Buffer.concat([encodePreamble('file'), Buffer.from('rest')])
  expect(step(state, bytes(content, { fin: true }), 0)).toEqual([
    { kind: 'open', link: 1, streamId: 4, tag: 'file', rest: Buffer.from('rest'), fin: true },
  ])
  expect(parkedCount(state)).toBe(0)
})

test('a preamble that comes byte by byte opens the stream with its last byte', () => {
  const state = demux()
  const effects = [...encodePreamble('file')].map(byte => step(state, bytes(Uint8Array.of(byte)), 0))
  expect(effects.flat()).toEqual([
    { kind: 'open', link: 1, streamId: 4, tag: 'file', rest: new Uint8Array(), fin: false },
  ])
  expect(effects.at(-1)).toHaveLength(1)
  expect([parkedCount(state), nextDueMs(state)]).toEqual([0, undefined])
})

test('a tag may have up to 255 bytes', () => {
  const tag = `${'é'.repeat(127)}x`
  const state = createDemux({ judge: () => undefined })
  expect(step(state, bytes(encodePreamble(tag)), 0)).toMatchObject([{ kind: 'open', tag }])
  expect(tagProblem(tag)).toBeUndefined()
  expect(tagProblem(`${tag}x`)).toBe('it has more than 255 bytes')
})

test('what is no preamble is refused, and nothing is kept of it', () => {
  const cases: [Uint8Array, string][] = [
    [Uint8Array.of(0), 'malformed'],
    [Uint8Array.of(2, 0xc3, 0x28), 'malformed'],
    [Uint8Array.of(3, 0xed, 0xa0, 0x80), 'malformed'],
    [encodePreamble('other'), 'unknownTag'],
  ]
  for (const [content, reason] of cases) {
    const state = demux()
    expect(step(state, bytes(content), 0)).toEqual(refused(reason))
    expect(parkedCount(state)).toBe(0)
  }
})

test('a stream that ends before its tag is refused at once', () => {
  for (const content of [new Uint8Array(), half, text('\x04')]) {
    const state = demux()
    expect(step(state, bytes(content, { fin: true }), 0)).toEqual(refused('cutShort'))
    expect(parkedCount(state)).toBe(0)
  }
  const state = demux()
  step(state, bytes(half), 0)
  expect(step(state, bytes(new Uint8Array(), { fin: true }), 1)).toEqual(refused('cutShort'))
  expect(parkedCount(state)).toBe(0)
})

test('a reset in the middle of a preamble frees its place at once', () => {
  const state = demux()
  step(state, bytes(half), 0)
  expect(parkedCount(state)).toBe(1)
  expect(step(state, { kind: 'reset', link: 1, streamId: 4 }, 1)).toEqual([{ kind: 'release', link: 1, streamId: 4 }])
  expect([parkedCount(state), nextDueMs(state)]).toEqual([0, undefined])
})

test('a preamble that does not come in time is refused, and those that came later wait on', () => {
  const state = demux()
  step(state, bytes(half, { streamId: 4 }), 0)
  step(state, bytes(half, { streamId: 8 }), 10)
  expect(nextDueMs(state)).toBe(limits.preambleMsMax)
  expect(step(state, { kind: 'expire' }, limits.preambleMsMax - 1)).toEqual([])
  expect(step(state, { kind: 'expire' }, limits.preambleMsMax)).toEqual(refused('tooLate'))
  expect([parkedCount(state), nextDueMs(state)]).toEqual([1, limits.preambleMsMax + 10])
})

test('a drip of bytes does not put the deadline off', () => {
  const state = demux()
  step(state, bytes(Uint8Array.of(255)), 0)
  for (let ms = 1000; ms < limits.preambleMsMax; ms += 1000) step(state, bytes(text('a')), ms)
  expect(step(state, bytes(text('a')), limits.preambleMsMax)).toEqual(refused('tooLate'))
  expect(parkedCount(state)).toBe(0)
})

test('places are bounded for one channel and for all', () => {
  const state = demux()
  const links = limits.parkedMax / limits.parkedPerPeerMax
  for (let link = 0; link < links; link++) {
    for (let streamId = 0; streamId < limits.parkedPerPeerMax; streamId++) {
      expect(step(state, bytes(half, { link, streamId }), 0)).toEqual([])
    }
    const more = step(state, bytes(half, { link, streamId: limits.parkedPerPeerMax }), 0)
    expect(more).toMatchObject([{ kind: 'refuse', reason: 'tooManyParked' }])
  }
  expect(parkedCount(state)).toBe(limits.parkedMax)
})

test('of full places the peer with the most gives its oldest to one that has less', () => {
  const state = demux()
  const shares = [15, 16, 16, 16, 1]
  for (const [link, share] of shares.entries()) {
    for (let streamId = 0; streamId < share; streamId++) step(state, bytes(half, { link, streamId }), 0)
  }
  expect(parkedCount(state)).toBe(limits.parkedMax)
  expect(step(state, bytes(half, { link: 5 }), 0)).toEqual([
    { kind: 'refuse', link: 1, streamId: 0, reason: 'tooManyParked' },
  ])
  expect(step(state, bytes(encodePreamble('file').subarray(3), { link: 5 }), 0)).toMatchObject([{ kind: 'open' }])
})

test('of full places that are shared evenly nobody gives one up', () => {
  const state = demux()
  for (let link = 0; link < limits.parkedMax; link++) step(state, bytes(half, { link }), 0)
  const more = step(state, bytes(half, { link: limits.parkedMax }), 0)
  expect(more).toEqual([{ kind: 'refuse', link: limits.parkedMax, streamId: 4, reason: 'tooManyParked' }])
  expect(parkedCount(state)).toBe(limits.parkedMax)
})

test('a preamble in one piece needs no place, however full it is', () => {
  const state = demux()
  for (let streamId = 0; streamId < limits.parkedPerPeerMax; streamId++) step(state, bytes(half, { streamId }), 0)
  expect(step(state, bytes(encodePreamble('file'), { streamId: 99 }), 0)).toMatchObject([{ kind: 'open' }])
})

test('the end of a channel frees its places and no others', () => {
  const state = demux()
  for (const link of [1, 2]) {
    for (let streamId = 0; streamId < 5; streamId++) step(state, bytes(half, { link, streamId }), 0)
  }
  expect(step(state, { kind: 'closed', link: 1 }, 0)).toEqual([])
  expect([parkedCount(state), [...state.parked.keys()]]).toEqual([5, [2]])
})

test('tags are told apart by their bytes', () => {
  expect(decodeTag(encodePreamble('\ufefftag').subarray(1))).toBe('\ufefftag')
  expect(tagProblem('\ud800')).toBe('it holds half of a surrogate pair')
  expect(tagProblem('')).toBe('it is empty')
  expect(tagProblem(7)).toBe('it is not a text')
})

test('every refusal has a number of its own that users cannot give', () => {
  const numbers = Object.values(refusalCode)
  expect(numbers).toEqual([0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107])
  expect(Math.min(...numbers)).toBeGreaterThan(limits.resetCodeMax)
  expect(numbers.map(refusalOf)).toEqual(Object.keys(refusalText))
  expect([refusalOf(0), refusalOf(0x1ff), refusalOf(undefined)]).toEqual([undefined, undefined, undefined])
})
