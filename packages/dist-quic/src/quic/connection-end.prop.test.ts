import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { causeOfEnd } from './connection-end.ts'
import { limits } from './limits.ts'

test('whatever reason a peer closes with, it becomes a coded error with a text of bounded length', () => {
  const given = fc.record({
    isApp: fc.boolean(),
    errorCode: fc.nat(),
    reason: fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.string({ maxLength: 300 }).map(text => Buffer.from(text)),
    ),
  })
  return fuzz('close reasons', given, error => {
    const native = { isTimedOut: () => false, localError: () => null, peerError: () => error }
    const cause = causeOfEnd(native as never, { host: '10.0.0.1', port: 1 }, 1_000)
    expect(cause.code).toBe('E_CHANNEL_CLOSED')
    expect((cause.fields['reason'] as string).length).toBeLessThanOrEqual(limits.reasonBytesMax)
    return 'accepted'
  })
})
