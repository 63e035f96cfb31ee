import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { logLines } from '../../test/quic-nodes.ts'
import { HandshakeLog } from './handshake-log.ts'

test('the first failure is told at once, those of a second in one line with their count, and the rest at the end', async () => {
  const clock = new VirtualClock()
  const log = logLines()
  const failures = new HandshakeLog(clock, log)
  const told = () => log.of('handshake failed')
  failures.failed({ code: 'first' })
  expect(told()).toEqual([{ code: 'first', count: 1 }])
  for (let count = 0; count < 228; count++) failures.failed({ code: `${count}` })
  await clock.advance(999)
  expect(log.of('handshake failed')).toHaveLength(1)
  await clock.advance(1)
  expect(log.of('handshake failed').at(-1)).toEqual({ code: '227', count: 228 })
  // Silence is not told, and what comes after it is told at once.
  await clock.advance(10_000)
  failures.failed({ code: 'later' })
  failures.failed({ code: 'last' })
  expect(log.of('handshake failed').slice(2)).toEqual([{ code: 'later', count: 1 }])
  failures.stop()
  expect(log.of('handshake failed').slice(3)).toEqual([{ code: 'last', count: 1 }])
})
