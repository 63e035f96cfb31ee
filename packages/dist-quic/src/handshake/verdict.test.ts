import { expect, test } from 'vitest'
import { acceptorConfig, converse, dialerConfig, now, outcomeOf, type Side } from '../../test/two-ends.ts'
import type { TrustAnswer } from './options.ts'
import { createHandshake, type Effect, step } from './state.ts'

const { sent } = converse(dialerConfig(), acceptorConfig())
const heard: Record<Side, Uint8Array[]> = { dialer: sent.acceptor.slice(0, 1), acceptor: sent.dialer }
const kindsOf = (effects: Effect[]) => effects.map(effect => effect.kind)

/** An end that has put its question. */
function asking(side: Side, trust: () => TrustAnswer = () => 'accept') {
  const changes = { asks: true, trust }
  const state = createHandshake(side === 'dialer' ? dialerConfig(changes) : acceptorConfig(changes))
  step(state, { kind: 'start' }, now)
  const effects = heard[side].flatMap(bytes => step(state, { kind: 'bytes', bytes }, now))
  expect(effects.at(-1)).toMatchObject({ kind: 'ask' })
  return state
}

test('the question names who has proved to be there, and comes before this end says any more', () => {
  const state = createHandshake(acceptorConfig({ asks: true }))
  step(state, { kind: 'start' }, now)
  step(state, { kind: 'bytes', bytes: sent.dialer[0] as Uint8Array }, now)
  expect(step(state, { kind: 'bytes', bytes: sent.dialer[1] as Uint8Array }, now)).toEqual([
    {
      kind: 'ask',
      result: {
        peer: { name: 'a@host', creation: 7 },
        role: 'node',
        publicKey: dialerConfig().keys.publicKey,
        fingerprint: dialerConfig().keys.fingerprint,
        hidden: false,
        succession: [],
      },
    },
  ])
})

test('nobody is asked about an end that has not proved itself, or that trust refuses', () => {
  const forged = Uint8Array.from(sent.dialer[1] as Uint8Array)
  forged[10] = (forged[10] as number) ^ 1
  const state = createHandshake(acceptorConfig({ asks: true }))
  step(state, { kind: 'start' }, now)
  const effects = [sent.dialer[0] as Uint8Array, forged].flatMap(bytes => step(state, { kind: 'bytes', bytes }, now))
  expect(kindsOf(effects)).toEqual(['send', 'send', 'failed'])
  const untrusted = converse(dialerConfig(), acceptorConfig({ asks: true, trust: () => 'untrusted' }))
  expect(kindsOf(untrusted.acceptor.effects)).toEqual(['send', 'failed'])
})

test.each(['dialer', 'acceptor'] as const)('a yes lets the %s go on, a no ends it with a code', side => {
  const yes = step(asking(side), { kind: 'verdict', accepted: true }, now)
  expect(kindsOf(yes)).toEqual(side === 'dialer' ? ['send'] : ['send', 'done'])
  const no = step(asking(side), { kind: 'verdict', accepted: false, problem: 'not in the list' }, now)
  expect(no.at(-1)).toMatchObject({ kind: 'failed', code: 'E_PEER_NOT_ALLOWED', problem: 'not in the list' })
  expect(kindsOf(no)).toEqual(side === 'dialer' ? ['failed'] : ['send', 'failed'])
})

test.each(['dialer', 'acceptor'] as const)('a verdict after the deadline of the %s changes nothing', side => {
  const state = asking(side)
  expect(step(state, { kind: 'expire' }, now).at(-1)).toMatchObject({ code: 'E_HANDSHAKE_TIMEOUT' })
  expect(step(state, { kind: 'verdict', accepted: true }, now)).toEqual([])
})

test.each(['dialer', 'acceptor'] as const)('a key revoked while the %s waits for the verdict is refused', side => {
  let answer: TrustAnswer = 'accept'
  const state = asking(side, () => answer)
  answer = 'revoked'
  const effects = step(state, { kind: 'verdict', accepted: true }, now)
  expect(effects.at(-1)).toMatchObject({ kind: 'failed', code: 'E_PEER_KEY_REVOKED' })
})

test('a peer that speaks while it is judged is refused', () => {
  const effects = step(asking('acceptor'), { kind: 'bytes', bytes: sent.dialer[1] as Uint8Array }, now)
  expect(effects.at(-1)).toMatchObject({ kind: 'failed', code: 'E_HANDSHAKE_FAILED' })
})

test('the refusal of an application reaches the other end', () => {
  const state = asking('acceptor')
  const [refusal] = step(state, { kind: 'verdict', accepted: false }, now)
  const dialer = createHandshake(dialerConfig())
  const said = [sent.acceptor[0] as Uint8Array, (refusal as { bytes: Uint8Array }).bytes]
  const effects = [...step(dialer, { kind: 'start' }, now)]
  for (const bytes of said) effects.push(...step(dialer, { kind: 'bytes', bytes }, now))
  expect(outcomeOf({ state: dialer, effects })).toBe('E_PEER_REFUSED')
  expect(effects.at(-1)).toMatchObject({ fields: { reason: 'not-allowed' } })
})
