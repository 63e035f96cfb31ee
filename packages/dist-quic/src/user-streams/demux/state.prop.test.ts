import { isUtf8 } from 'node:buffer'
import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { decodeTag, encodePreamble } from './preamble.ts'
import { createDemux, type DemuxState, type Effect, step } from './state.ts'

/** A stream as a peer would send it: its bytes, cut into pieces, and how it ends. */
interface Sent {
  readonly link: number
  readonly content: Uint8Array
  readonly cuts: readonly number[]
  readonly end: 'fin' | 'reset' | 'none'
}

/** What became of it. */
interface Seen {
  opened: string | undefined
  refused: string | undefined
  released: number
  payload: number[]
  fin: boolean
}

const knownTags = ['a', 'file', 'ü', '\ufeffa', 'x'.repeat(255)]
const judge = (tag: string) => (knownTags.includes(tag) ? undefined : ('unknownTag' as const))

const content = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...knownTags, 'stranger'), fc.uint8Array({ maxLength: 300 }))
      .map(([tag, payload]) => Uint8Array.from([...encodePreamble(tag), ...payload])),
  },
  { weight: 2, arbitrary: fc.constantFrom(...knownTags).map(tag => encodePreamble(tag).subarray(0, -1)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
)
const sent: fc.Arbitrary<Sent> = fc.record({
  link: fc.nat(2),
  content,
  cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
  end: fc.constantFrom('fin', 'reset', 'none'),
})

type Event = { readonly bytes: Uint8Array; readonly fin: boolean } | 'reset'

function eventsOf({ content: all, cuts, end }: Sent): Event[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, index = 0; at < all.length; index++) {
    const size = cuts[index % cuts.length] as number
    pieces.push(all.subarray(at, at + size))
    at += size
  }
  const isFinWithBytes = end === 'fin' && (cuts[0] as number) % 2 === 0 && pieces.length > 0
  const events: Event[] = pieces.map((bytes, index) => ({ bytes, fin: isFinWithBytes && index === pieces.length - 1 }))
  if (end === 'reset') events.push('reset')
  if (end === 'fin' && !isFinWithBytes) events.push({ bytes: new Uint8Array(), fin: true })
  return events
}

/** What has to become of it, however it is cut. */
function expected({ content: all, end }: Sent): Seen {
  const seen: Seen = { opened: undefined, refused: undefined, released: 0, payload: [], fin: false }
  const length = all[0]
  const isWhole = length !== undefined && all.length > length
  const bytes = isWhole ? all.subarray(1, 1 + length) : new Uint8Array()
  const tag = isWhole && isUtf8(bytes) ? decodeTag(bytes) : undefined
  if (length === 0 || (isWhole && tag === undefined)) seen.refused = 'malformed'
  else if (tag !== undefined && judge(tag) !== undefined) seen.refused = 'unknownTag'
  else if (tag !== undefined) {
    seen.opened = tag
    seen.payload = [...all.subarray(1 + (length as number))]
    seen.fin = end === 'fin'
  } else if (end === 'fin') seen.refused = 'cutShort'
  else if (end === 'reset') seen.released = 1
  return seen
}

/** The driver: what is opened or refused is no longer the demultiplexer's. */
function play(state: DemuxState, streams: readonly Sent[], order: readonly number[]): Seen[] {
  const queues = streams.map(eventsOf)
  const all = streams.map(() => ({ ...expected({ link: 0, content: new Uint8Array(), cuts: [1], end: 'none' }) }))
  const feed = (index: number): void => {
    const event = queues[index]?.shift()
    const seen = all[index] as Seen
    if (event === undefined || seen.refused !== undefined) return
    const key = { link: (streams[index] as Sent).link, streamId: index }
    if (seen.opened !== undefined) {
      if (event !== 'reset') take(seen, event.bytes, event.fin)
      return
    }
    const effects =
      event === 'reset'
        ? step(state, { kind: 'reset', ...key }, 0)
        : step(state, { kind: 'bytes', ...key, ...event }, 0)
    for (const effect of effects) note(seen, effect)
    expect(effects.every(effect => effect.streamId === index && effect.link === key.link)).toBe(true)
  }
  for (const pick of order) feed(pick % streams.length)
  for (let index = 0; index < streams.length; index++) while ((queues[index]?.length ?? 0) > 0) feed(index)
  return all
}

function note(seen: Seen, effect: Effect): void {
  if (effect.kind === 'refuse') seen.refused = effect.reason
  else if (effect.kind === 'release') seen.released++
  else {
    seen.opened = effect.tag
    take(seen, effect.rest, effect.fin)
  }
}

function take(seen: Seen, bytes: Uint8Array, fin: boolean): void {
  seen.payload.push(...bytes)
  seen.fin ||= fin
}

test('what becomes of a stream does not depend on how it is cut, nor on what comes in between', () => {
  fc.assert(
    fc.property(
      fc.array(sent, { minLength: 1, maxLength: limits.parkedPerPeerMax }),
      fc.array(fc.nat()),
      (streams, order) => {
        const state = createDemux({ judge })
        expect(play(state, streams, order)).toEqual(streams.map(expected))
        const unfinished = streams.filter(stream => isUnfinished(stream)).length
        expect(state.byAge.size).toBe(unfinished)
        for (const link of [0, 1, 2]) step(state, { kind: 'closed', link }, 0)
        expect([state.byAge.size, state.parked.size]).toEqual([0, 0])
      },
    ),
    { numRuns: 1000 },
  )
})

test('whatever a stream begins with, it is refused or opened with the tag that it names, however it is cut', () => {
  const recordings = knownTags.map(tag => Buffer.concat([encodePreamble(tag), Buffer.from('and bytes')]))
  const one = fc.record({
    link: fc.constant(0),
    content: fc.oneof(changed(recordings), fc.uint8Array({ maxLength: 40 })),
    cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
    end: fc.constantFrom('fin', 'reset', 'none'),
  }) as fc.Arbitrary<Sent>
  return fuzz('user streams', one, stream => {
    const [seen] = play(createDemux({ judge }), [stream], []) as [Seen]
    expect(seen).toEqual(expected(stream))
    if (seen.opened === undefined) return 'refused'
    // The very bytes: no two of them are one tag.
    const preamble = encodePreamble(seen.opened)
    expect(Buffer.from(preamble).equals(stream.content.subarray(0, preamble.length))).toBe(true)
    return 'accepted'
  })
})

function isUnfinished(stream: Sent): boolean {
  const { opened, refused, released } = expected(stream)
  return opened === undefined && refused === undefined && released === 0 && stream.content.length > 0
}

test('places never exceed their bounds and are all free after the deadline, whatever comes', () => {
  const input = fc.record({
    link: fc.nat(9),
    streamId: fc.nat(40),
    what: fc.constantFrom('half', 'half', 'half', 'rest', 'fin', 'reset', 'closed'),
    afterMs: fc.nat(60),
  })
  fc.assert(
    fc.property(fc.array(input, { maxLength: 300, size: 'max' }), inputs => {
      const state = createDemux({ judge })
      let now = 0
      for (const { link, streamId, what, afterMs } of inputs) {
        now += afterMs
        if (what === 'closed' || what === 'reset') step(state, { kind: what, link, streamId }, now)
        else step(state, { kind: 'bytes', link, streamId, bytes: contentOf(what), fin: what === 'fin' }, now)
        const perLink = [...state.parked.values()].map(ofLink => ofLink.size)
        expect(Math.max(0, ...perLink)).toBeLessThanOrEqual(limits.parkedPerPeerMax)
        expect(state.byAge.size).toBeLessThanOrEqual(limits.parkedMax)
        expect(perLink.reduce((sum, size) => sum + size, 0)).toBe(state.byAge.size)
      }
      step(state, { kind: 'expire' }, now + limits.preambleMsMax)
      expect([state.byAge.size, state.parked.size]).toEqual([0, 0])
    }),
    { numRuns: 100 },
  )
})

const half = Uint8Array.from([4, 102])
const contentOf = (what: string): Uint8Array => (what === 'rest' ? Uint8Array.from([105, 108, 101]) : half)
