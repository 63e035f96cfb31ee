import { type Clock, silentLog } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { DropLog } from './drop-log.ts'

test('a flood makes one line in ten seconds, and the next line counts all of it', () => {
  let now = 0
  const lines: unknown[] = []
  const clock = { now: () => now } as Clock
  const drops = new DropLog(clock, { ...silentLog, warn: (event, fields) => lines.push([event, fields]) })
  for (let times = 0; times < 1000; times++) drops.count('malformed')
  expect(lines).toEqual([['quic.dropped', { malformed: 1 }]])
  now = 10_000
  drops.count('unknownConnection')
  expect(lines[1]).toEqual(['quic.dropped', { malformed: 999, unknownConnection: 1 }])
})
