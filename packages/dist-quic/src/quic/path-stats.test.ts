import { expect, expectTypeOf, test } from 'vitest'
import { loadNative, type NativeConnection } from './native.ts'
import { pathStatsOf } from './path-stats.ts'

type Given = ReturnType<NativeConnection['pathStats']>[number]

/** All that the library tells of a path. A release of it that tells more fails here, and may be shown. */
const given = [
  'localHost',
  'peerHost',
  'active',
  'recv',
  'sent',
  'lost',
  'retrans',
  'rtt',
  'cwnd',
  'sentBytes',
  'recvBytes',
  'lostBytes',
  'streamRetransBytes',
  'pmtu',
  'deliveryRate',
] as const

test('the library tells one round-trip time of a path, the smoothed one, and no bytes in flight', async () => {
  expectTypeOf<keyof Given>().toEqualTypeOf<(typeof given)[number]>()
  const native = await loadNative()
  const [local, peer] = [1, 2].map(port => ({ host: '127.0.0.1', port })) as [Host, Host]
  const connection = native.Connection.connect(null, Buffer.alloc(16), local, peer, new native.Config())
  const [path] = connection.pathStats()
  expect(Object.keys(path as Given).sort()).toEqual([...given].sort())
  // RFC 9002 6.2.2: what stands for it until there is a sample.
  expect(path?.rtt).toBe(333)
})

type Host = Given['localHost']

test('the figures are those of the path in use, and none are told without one', () => {
  const [localHost, peerHost] = [1, 2].map(port => ({ host: '10.0.0.1', port })) as [Host, Host]
  const path = (active: boolean, first: number): Given => ({
    ...{ localHost, peerHost, active, rtt: first, cwnd: first + 1, sent: first + 2, recv: first + 3, lost: first + 4 },
    ...{ retrans: first + 5, sentBytes: first + 6, recvBytes: first + 7, lostBytes: first + 8 },
    ...{ streamRetransBytes: first + 9, pmtu: first + 10, deliveryRate: first + 11 },
  })
  expect(pathStatsOf({ pathStats: () => [path(false, 100), path(true, 200)] }, 1_350)).toEqual({
    smoothedRttMs: 200,
    congestionWindowBytes: 201,
    sent: 202,
    received: 203,
    lost: 204,
    retransmitted: 205,
    sentBytes: 206,
    receivedBytes: 207,
    lostBytes: 208,
    retransmittedBytes: 209,
    packetBytes: 1_350,
    deliveryRate: 211,
  })
  expect(pathStatsOf({ pathStats: () => [path(false, 100)] }, 1_350)).toBeUndefined()
})
