/** Whatever bytes a file of the shared directory holds: an entry that is fit, or a text that says why not. */
import { nodeNameProblem } from '@barrel-actors/runtime'
import { changed, fuzz, type Outcome } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { endpointProblem } from './endpoint-check.ts'
import { decodeEntry, type Entry, encodeEntry, fileNameOf } from './endpoint-file.ts'

const cluster = 'barrel'
const node = 'a@10.0.0.1'
const at = { fileName: fileNameOf(cluster, node), cluster, onLoopback: false }

function decoded(bytes: Uint8Array): Outcome {
  const entry = decodeEntry(bytes, at)
  if (typeof entry === 'string') return 'refused'
  expect(nodeNameProblem(entry.node)).toBeUndefined()
  expect(entry.node).toBe(node)
  expect(entry.endpoints.length).toBeGreaterThan(0)
  expect(entry.endpoints.length).toBeLessThanOrEqual(limits.endpointsMax)
  for (const endpoint of entry.endpoints) {
    expect(endpointProblem(endpoint, false)).toBeUndefined()
    expect(Object.keys(endpoint).filter(key => key !== 'host' && key !== 'port')).toEqual([])
  }
  expect(Number.isFinite(entry.writtenAtMs)).toBe(true)
  return 'accepted'
}

const host = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('10.0.0.1', 'fd00::7') },
  { weight: 2, arbitrary: fc.oneof(fc.ipV4(), fc.ipV6()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '127.0.0.1',
      '0.0.0.0',
      '169.254.169.254',
      '224.0.0.1',
      '::1',
      'fe80::1',
      'a.b',
      '127.1',
    ),
  },
  { weight: 1, arbitrary: fc.string() },
)
const port = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 65_535 }) },
  { weight: 1, arbitrary: fc.oneof(fc.nat(70_000), fc.double(), fc.string()) },
)
const loose = fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.jsonValue() })
const file = fc
  .record({
    endpoints: fc.array(fc.record({ host, port }, { requiredKeys: ['host'] }), { maxLength: 10 }),
    odd: fc.record({ format: loose, cluster: loose, node: loose, endpoints: loose, writtenAtMs: loose }),
  })
  .map(({ endpoints, odd }) => {
    const given = Object.fromEntries(Object.entries(odd).filter(([, value]) => value !== undefined))
    return Buffer.from(JSON.stringify({ format: 1, cluster, node, writtenAtMs: 5, endpoints, ...given }))
  })

const recordings = [
  encodeEntry(cluster, { node, endpoints: [{ host: '10.0.0.1', port: 9100 }], writtenAtMs: 1_700_000_000_000 }),
  encodeEntry(cluster, { node, endpoints: [{ host: '127.0.0.1' }, { host: 'fd00::1', port: 1 }], writtenAtMs: 0 }),
  encodeEntry('other', { node: 'b@h', endpoints: [{ host: '10.0.0.2', port: 9100 }], writtenAtMs: 0 }),
]

test('any bytes in an endpoint file are refused, or an entry of that node with endpoints that may be dialed', () =>
  fuzz(
    'endpoint file',
    fc.oneof(
      { weight: 4, arbitrary: changed(recordings) },
      { weight: 4, arbitrary: file },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    ),
    decoded,
  ))

const entries: fc.Arbitrary<Entry> = fc.record({
  node: fc.constant(node),
  endpoints: fc.array(
    fc.record({
      host: fc.constantFrom('10.0.0.1', '192.168.7.7', 'fd00::7'),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
    { minLength: 1, maxLength: limits.endpointsMax },
  ),
  writtenAtMs: fc.nat(),
})

test('an entry comes back as it was written, and of its first half nothing does', () => {
  fc.assert(
    fc.property(entries, entry => {
      const bytes = encodeEntry(cluster, entry)
      expect(decodeEntry(bytes, at)).toEqual(entry)
      // The last byte is the end of the line.
      for (let length = 0; length < bytes.length - 1; length++) {
        expect(decodeEntry(bytes.subarray(0, length), at)).toBeTypeOf('string')
      }
    }),
  )
})
