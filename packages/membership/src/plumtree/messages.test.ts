import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { gossip, graft, ihave, prune } from './fixture.suite.ts'
import { checkMessage, type PlumtreeMessage } from './messages.ts'

const whole: [string, object][] = [
  ['gossip', gossip(1)],
  ['ihave', ihave(1, 3)],
  ['graft', graft(1, 3)],
  ['a graft of nothing', graft()],
  ['prune', prune],
]

test.each(whole)('%s is taken as it is', (_, message) => {
  expect(checkMessage(message)).toBe(message)
})

const rangeOf = (message: PlumtreeMessage) => (message as unknown as { ranges: [object] }).ranges[0]

const odd = [
  undefined,
  null,
  true,
  '',
  'x'.repeat(300),
  -1,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  2 ** 60,
  10n,
  [],
  {},
  () => 0,
]

/** The message with one of its fields missing or something else in its place. */
function spoiled(message: object, key: string): object[] {
  const { [key]: _, ...without } = message as Record<string, unknown>
  return [without, ...odd.map(value => ({ ...message, [key]: value }))]
}

test.each(['kind', 'origin', 'creation', 'sequence', 'round', 'tag', 'payload'])(
  'a gossip with its %s missing or spoiled is refused',
  key => {
    for (const message of spoiled(gossip(1), key)) {
      // A tag may be empty: the rest of what is odd is refused.
      const isFine = key === 'tag' && (message as { tag?: unknown }).tag === ''
      expect(typeof checkMessage(message), String(Object.entries(message))).toBe(isFine ? 'object' : 'string')
    }
  },
)

const rangeKeys = ['origin', 'creation', 'from', 'to']
test.each([
  ...[...rangeKeys, 'round'].map(key => ({ message: ihave(1, 3), key })),
  ...[...rangeKeys, 'room'].map(key => ({ message: graft(1, 3), key })),
])('a range of $message.kind with its $key missing or spoiled is refused', ({ message, key }) => {
  const range = rangeOf(message)
  for (const one of spoiled(range, key))
    expect(typeof checkMessage({ kind: message.kind, ranges: [range, one] })).toBe('string')
})

test('numbers at their bounds are taken, and those beyond are refused', () => {
  const is = (message: object) => typeof checkMessage(message) === 'object'
  expect([0, 1].map(sequence => is({ ...gossip(1), sequence }))).toEqual([false, true])
  expect([-1, 0].map(creation => is({ ...gossip(1), creation }))).toEqual([false, true])
  const { roundMax, tagCharactersMax, payloadBytesMax, rangesPerMessageMax } = limits
  expect([0, 1, roundMax, roundMax + 1].map(round => is({ ...gossip(1), round }))).toEqual([false, true, true, false])
  expect([0, 1].map(more => is({ ...gossip(1), tag: 't'.repeat(tagCharactersMax + more) }))).toEqual([true, false])
  expect([0, 1].map(more => is({ ...gossip(1), payload: new Uint8Array(payloadBytesMax + more) }))).toEqual([
    true,
    false,
  ])
  const range = { ...rangeOf(ihave(1)), room: 1 }
  const ranges = (count: number) => Array.from({ length: count }, () => range)
  for (const kind of ['ihave', 'graft']) {
    expect([0, 1].map(more => is({ kind, ranges: ranges(rangesPerMessageMax + more) }))).toEqual([true, false])
  }
  expect([is({ kind: 'ihave', ranges: [] }), is(ihave(3, 2)), is(graft(3, 2))]).toEqual([false, false, false])
})
