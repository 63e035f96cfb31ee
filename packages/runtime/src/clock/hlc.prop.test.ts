import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HLC, logicalMax, type Stamp, type StampRefusal } from './hlc.ts'
import { HybridClock } from './hybrid-clock.ts'

const aheadMsMax = 60_000
const wall = fc.oneof(
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 1_000_000, max: 1_000_005 }),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }),
)
const logical = fc.oneof(
  fc.nat(3),
  fc.integer({ min: 0, max: logicalMax }),
  fc.integer({ min: 65_533, max: 65_537 }),
  fc.integer({ min: logicalMax - 2, max: logicalMax }),
)
const stamp: fc.Arbitrary<Stamp> = fc.record({ wallMs: wall, logical })
/** Two stamps and a wall clock, most often within a few milliseconds of each other. */
const meeting = fc.oneof(
  fc.tuple(stamp, stamp, fc.double({ min: -1e13, max: 1e13, noNaN: true })),
  fc
    .record({
      base: wall.map(ms => Math.min(ms, 2 ** 53 - 200_000)),
      near: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
      logical,
      other: logical,
      ahead: fc.constantFrom(0, 60_000),
    })
    .map(({ base, near: [a, b, c], logical, other, ahead }): [Stamp, Stamp, number] => [
      { wallMs: base + a, logical },
      { wallMs: base + b + ahead, logical: other },
      base + c,
    ]),
)
/** What a wall clock may show: back before 1970, fractions, far ahead. */
const wallNow = fc.oneof(
  wall,
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.double({ min: -1e13, max: 1e13, noNaN: true }),
)

const isRefused = (result: Stamp | StampRefusal): result is StampRefusal => typeof result === 'string'

function law<Values extends [unknown, ...unknown[]]>(title: string, property: fc.IProperty<Values>): void {
  test(title, () => {
    fc.assert(property, { numRuns: 500 })
  })
}

law(
  'stamps are in a total order',
  fc.property(stamp, stamp, stamp, (a, b, c) => {
    const sign = (one: Stamp, other: Stamp) => Math.sign(HLC.compare(one, other))
    expect(sign(a, b) + sign(b, a)).toBe(0)
    expect(sign(a, b) === 0).toBe(a.wallMs === b.wallMs && a.logical === b.logical)
    if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0)
  }),
)

law(
  'twelve bytes give the stamp back, and order bytewise as compare does',
  fc.property(stamp, stamp, (a, b) => {
    const [one, other] = [HLC.encode(a), HLC.encode(b)]
    expect(one.length).toBe(12)
    expect(HLC.decode(one)).toEqual(a)
    const packed = HLC.pack(a)
    expect(packed).toBe(BigInt(`0x${Buffer.from(one).toString('hex')}`))
    expect(Buffer.compare(one, other)).toBe(Math.sign(HLC.compare(a, b)))
  }),
)

law(
  'any bytes decode to a stamp or to nothing',
  fc.property(fc.oneof(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.uint8Array({ maxLength: 20 })), bytes => {
    const decoded = HLC.decode(bytes)
    if (decoded === undefined) return
    expect(HLC.isStamp(decoded)).toBe(true)
    expect([...HLC.encode(decoded)]).toEqual([...bytes])
  }),
)

law(
  'a tick is after the stamp before it whatever the wall clock shows, or says that the counter is used up',
  fc.property(stamp, wallNow, (state, now) => {
    const next = HLC.tick(state, now)
    if (isRefused(next)) {
      expect([state.logical, Math.floor(now) <= state.wallMs]).toEqual([logicalMax, true])
      return
    }
    expect(HLC.isStamp(next)).toBe(true)
    expect(HLC.compare(next, state)).toBeGreaterThan(0)
    expect(next.wallMs).toBe(Math.max(state.wallMs, Math.floor(now)))
  }),
)

law(
  'an observed stamp gives one after both, no further ahead than the bound or than the clock was',
  fc.property(meeting, ([state, seen, now]) => {
    const next = HLC.observe(state, seen, now, aheadMsMax)
    const bound = Math.min(Math.floor(now) + aheadMsMax, Number.MAX_SAFE_INTEGER)
    if (next === 'tooFarAhead') {
      expect(seen.wallMs + (seen.logical < 65_535 ? 0 : 1)).toBeGreaterThan(bound)
      return
    }
    expect(seen.wallMs).toBeLessThanOrEqual(bound)
    if (isRefused(next)) {
      expect([next, state.logical]).toEqual(['logicalOverflow', logicalMax])
      return
    }
    expect(HLC.isStamp(next)).toBe(true)
    expect(HLC.compare(next, state)).toBeGreaterThan(0)
    expect(HLC.compare(next, seen)).toBeGreaterThan(0)
    expect(next.wallMs).toBeLessThanOrEqual(Math.max(bound, state.wallMs))
    const least = Math.max(state.wallMs, seen.wallMs, Math.floor(now))
    expect([least, least + 1]).toContain(next.wallMs)
  }),
)

law(
  'what a peer sends never uses the counter up',
  fc.property(meeting, ([state, seen, now]) => {
    const next = HLC.observe(state, seen, now, aheadMsMax)
    if (!isRefused(next)) expect(next.logical).toBeLessThan(Math.max(2 ** 16, state.logical + 2))
  }),
)

type Step = { readonly node: number; readonly kind: 'tick' | 'send' | 'restart' | 'jump'; readonly value: number }
const step: fc.Arbitrary<Step> = fc.record({
  node: fc.nat(2),
  kind: fc.constantFrom('tick', 'send', 'restart', 'jump'),
  value: fc.oneof(fc.integer({ min: -90_000, max: 90_000 }), fc.integer({ min: -1e12, max: 1e12 })),
})

law(
  'across nodes, wall-clock jumps and restarts, stamps grow on each node and along each message',
  fc.property(fc.array(step, { maxLength: 60 }), steps => {
    const walls = [1e12, 1e12, 1e12]
    const started = (node: number, last?: Stamp) =>
      new HybridClock({ wall: () => walls[node] as number }, last === undefined ? {} : { last })
    const clocks = walls.map((_, node) => started(node))
    const lasts: Stamp[] = walls.map(() => HLC.zero)
    const grew = (node: number, next: Stamp) => {
      expect(HLC.compare(next, lasts[node] as Stamp)).toBeGreaterThan(0)
      lasts[node] = next
    }
    for (const { node, kind, value } of steps) {
      const clock = clocks[node] as HybridClock
      if (kind === 'jump') walls[node] = (walls[node] as number) + value
      else if (kind === 'restart') {
        // Stored as bytes, as it would be.
        clocks[node] = started(node, HLC.decode(HLC.encode(clock.last)))
      } else {
        const sent = clock.tick() as Stamp
        grew(node, sent)
        if (kind === 'tick') continue
        const to = (node + 1) % 3
        const receiver = clocks[to] as HybridClock
        const [before, refused] = [receiver.last, receiver.refused]
        const got = receiver.observe(sent)
        const isAhead = sent.wallMs > (walls[to] as number) + aheadMsMax
        expect(got === 'tooFarAhead').toBe(isAhead)
        if (isRefused(got)) {
          expect([receiver.last, receiver.refused]).toEqual([before, refused + 1])
          continue
        }
        grew(to, got)
        expect(HLC.compare(got, sent)).toBeGreaterThan(0)
      }
    }
  }),
)
