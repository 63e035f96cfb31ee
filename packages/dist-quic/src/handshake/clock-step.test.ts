import { describe, expect, test } from 'vitest'
import { acceptorConfig, bytesFrom, dialerConfig, now } from '../../test/two-ends.ts'
import { createHandshake, type Effect, type HandshakeState, step } from './state.ts'

const hour = 3_600_000
const sentBy = (effects: Effect[]) => Buffer.concat(effects.flatMap(each => (each.kind === 'send' ? [each.bytes] : [])))
const hear = (state: HandshakeState, bytes: Uint8Array, at: number) => step(state, { kind: 'bytes', bytes }, at)

/** Both ends have each other's hello; their clocks then jump by so much. */
function inTheMiddle() {
  const dialer = createHandshake(dialerConfig())
  const acceptor = createHandshake(acceptorConfig())
  step(acceptor, { kind: 'start' }, now)
  const answer = sentBy(hear(acceptor, sentBy(step(dialer, { kind: 'start' }, now)), now))
  return { dialer, acceptor, answer }
}

describe.each([hour, -hour])('a clock that jumps by %i ms in the middle of a handshake', jump => {
  test('at the acceptor does not fail an honest one', () => {
    const { dialer, acceptor, answer } = inTheMiddle()
    const proof = sentBy(hear(dialer, answer, now))
    const ok = hear(acceptor, proof, now + jump)
    expect(ok.map(effect => effect.kind)).toEqual(['send', 'done'])
    expect(hear(dialer, sentBy(ok), now).map(effect => effect.kind)).toEqual(['done'])
  })

  test('at the dialer, after the other hello, changes nothing', () => {
    const { dialer, answer } = inTheMiddle()
    const helloEnd = 2 + Buffer.from(answer).readUInt16BE()
    hear(dialer, answer.subarray(0, helloEnd), now)
    expect(hear(dialer, answer.subarray(helloEnd), now + jump).map(effect => effect.kind)).toEqual(['send'])
  })

  test('does not make a hello pass that was recorded at that time', () => {
    const recorded = sentBy(step(createHandshake(dialerConfig()), { kind: 'start' }, now + jump))
    const acceptor = createHandshake(acceptorConfig({ nonce: bytesFrom('fresh') }))
    step(acceptor, { kind: 'start' }, now)
    expect(hear(acceptor, recorded, now).at(-1)).toMatchObject({ kind: 'failed', code: 'E_CLOCK_SKEW' })
  })

  test('does not end it, and does not keep the deadline from ending it', () => {
    const { acceptor } = inTheMiddle()
    expect(step(acceptor, { kind: 'verdict', accepted: true }, now + jump)).toEqual([])
    const effects = step(acceptor, { kind: 'expire' }, now + jump)
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', code: 'E_HANDSHAKE_TIMEOUT' })
  })
})
