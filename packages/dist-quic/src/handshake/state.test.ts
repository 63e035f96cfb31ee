import { expect, test } from 'vitest'
import {
  acceptorConfig,
  bytesFrom,
  converse,
  dialerConfig,
  isDone,
  keysFrom,
  now,
  outcomeOf,
  type Side,
  type Wire,
} from '../../test/two-ends.ts'
import { smallOrderKeys, unfitKeys } from '../../test/weak-keys.ts'
import { codes, quicError } from '../errors.ts'
import { encodeMessage, frameMessage, type Hello } from './messages.ts'
import type { HandshakeConfig } from './options.ts'
import { createHandshake, type Effect, step } from './state.ts'
import { signedBytes } from './transcript.ts'

const framed = (message: Parameters<typeof encodeMessage>[0]) => frameMessage(encodeMessage(message))
const outcomes = (conversation: ReturnType<typeof converse>) => [
  outcomeOf(conversation.dialer),
  outcomeOf(conversation.acceptor),
]
const failureOf = (effects: Effect[]) => effects.find(effect => effect.kind === 'failed')
const strangerHello: Hello = {
  kind: 'hello',
  role: 'dialer',
  hidden: false,
  cookieOnly: false,
  creation: 1,
  nonce: bytesFrom('nonce of c'),
  wallMs: now,
  publicKey: (await keysFrom('c')).publicKey,
  name: 'c@host',
  dialedName: 'b@host',
  succession: [],
  memberCertificate: new Uint8Array(0),
}

function started(config = acceptorConfig()): ReturnType<typeof createHandshake> {
  const state = createHandshake(config)
  step(state, { kind: 'start' }, now)
  return state
}

const hear = (state: ReturnType<typeof createHandshake>, bytes: Uint8Array, at = now) =>
  step(state, { kind: 'bytes', bytes }, at)

test('both ends learn who the other one is', () => {
  const { dialer, acceptor, sent } = converse(dialerConfig(), acceptorConfig())
  const a = dialerConfig().keys
  const b = acceptorConfig().keys
  expect(dialer.effects).toEqual([
    { kind: 'send', bytes: sent.dialer[0] },
    { kind: 'send', bytes: sent.dialer[1] },
    {
      kind: 'done',
      result: {
        peer: { name: 'b@host', creation: 9 },
        role: 'tool',
        publicKey: b.publicKey,
        fingerprint: b.fingerprint,
        hidden: true,
        succession: [],
      },
    },
  ])
  expect(acceptor.effects).toEqual([
    { kind: 'send', bytes: sent.acceptor[0] },
    { kind: 'send', bytes: framed({ kind: 'ok' }) },
    {
      kind: 'done',
      result: {
        peer: { name: 'a@host', creation: 7 },
        role: 'node',
        publicKey: a.publicKey,
        fingerprint: a.fingerprint,
        hidden: false,
        succession: [],
      },
    },
  ])
})

// Offsets count from the length in front of the message.
const helloFields = { length: 0, type: 2, version: 3, role: 4, flags: 5, creation: 13, wallMs: 21, nonce: 22 }
const laterFields = { publicKey: 54, nameLength: 86, name: 87, dialedNameLength: 93, dialedName: 94 }
const tampered = Object.entries({ ...helloFields, ...laterFields }).flatMap(([field, offset]) =>
  (['dialer', 'acceptor'] as const).map(side => ({ field, offset, side })),
)

test.each(tampered)('a changed $field in the hello of the $side is refused by both ends', ({ offset, side }) => {
  const wire: Wire = (from, bytes, index) => {
    const changed = Uint8Array.from(bytes)
    if (from === side && index === 0) changed[offset] = (changed[offset] as number) ^ 1
    return [changed]
  }
  const { dialer, acceptor } = converse(dialerConfig(), acceptorConfig(), wire)
  expect([isDone(dialer), isDone(acceptor)]).toEqual([false, false])
})

test('a relay between two connections is refused by both ends', () => {
  // The relay shows a certificate of its own to each end and forwards every byte.
  const shown = bytesFrom('certificate of the relay')
  const relayed = converse(
    dialerConfig({ peerCertificateHash: shown }),
    acceptorConfig({ peerCertificateHash: bytesFrom('other certificate of the relay') }),
  )
  expect(outcomes(relayed)).toEqual(['E_HANDSHAKE_FAILED', 'E_HANDSHAKE_TIMEOUT'])
  expect(relayed.sent.dialer).toHaveLength(1)
})

test.each(['ownCertificateHash', 'peerCertificateHash'] as const)(
  'ends that see another %s do not believe each other',
  field => {
    const other = { [field]: bytesFrom('certificate of the relay') }
    for (const ends of [
      converse(dialerConfig(other), acceptorConfig()),
      converse(dialerConfig(), acceptorConfig(other)),
    ]) {
      expect([isDone(ends.dialer), isDone(ends.acceptor)]).toEqual([false, false])
    }
  },
)

test('an acceptor refuses a proof that was made for another connection', () => {
  const honest = converse(dialerConfig(), acceptorConfig())
  const state = started(acceptorConfig({ peerCertificateHash: bytesFrom('certificate of the relay') }))
  hear(state, honest.sent.dialer[0] as Uint8Array)
  expect(hear(state, honest.sent.dialer[1] as Uint8Array)).toMatchObject([
    { kind: 'send', bytes: framed({ kind: 'fail', reason: 'bad-signature' }) },
    { kind: 'failed', code: 'E_HANDSHAKE_FAILED' },
  ])
})

test('a recorded dialer is refused by a fresh acceptor', () => {
  const recorded = converse(dialerConfig(), acceptorConfig()).sent.dialer
  const state = started(acceptorConfig({ nonce: bytesFrom('fresh nonce of b') }))
  hear(state, recorded[0] as Uint8Array)
  expect(failureOf(hear(state, recorded[1] as Uint8Array))).toMatchObject({ code: 'E_HANDSHAKE_FAILED' })
})

test('a recorded acceptor is refused by a fresh dialer', () => {
  const recorded = converse(dialerConfig(), acceptorConfig()).sent.acceptor
  const state = started(dialerConfig({ nonce: bytesFrom('fresh nonce of a') }))
  const effects = recorded.flatMap(bytes => hear(state, bytes))
  expect(effects).toMatchObject([{ kind: 'failed', code: 'E_HANDSHAKE_FAILED' }])
})

test('a node that hears its own words refuses them in either role', () => {
  const { sent } = converse(dialerConfig(), acceptorConfig())
  expect(hear(started(dialerConfig()), sent.dialer[0] as Uint8Array)).toMatchObject([{ code: 'E_HANDSHAKE_FAILED' }])
  // What b says when it is dialed, sent back to b where it dials a.
  const bDials = dialerConfig({ ...selfOf(acceptorConfig()), dialed: 'a@host' })
  expect(hear(started(bDials), sent.acceptor[0] as Uint8Array)).toMatchObject([{ code: 'E_PEER_IS_SELF' }])
  // What a says when it dials, sent back to a where it is dialed.
  const aIsDialed = acceptorConfig(selfOf(dialerConfig()))
  expect(failureOf(hear(started(aIsDialed), sent.dialer[0] as Uint8Array))).toMatchObject({ code: 'E_PEER_IS_SELF' })
})

function selfOf({ self, keys, nonce }: HandshakeConfig): Pick<HandshakeConfig, 'self' | 'keys' | 'nonce'> {
  return { self, keys, nonce }
}

test('the signatures of the two roles differ over the same conversation', () => {
  const transcript = {
    dialerHello: bytesFrom('1'),
    acceptorHello: bytesFrom('2'),
    dialerCertificateHash: bytesFrom('3'),
    acceptorCertificateHash: bytesFrom('4'),
  }
  expect(signedBytes('dialer', transcript)).not.toEqual(signedBytes('acceptor', transcript))
})

test('the nonce of this node is refused when another name and key send it', () => {
  const state = started()
  const effects = hear(state, framed({ ...strangerHello, nonce: acceptorConfig().nonce }))
  expect(failureOf(effects)).toMatchObject({ code: 'E_HANDSHAKE_FAILED' })
})

test('own name and own key are refused at both ends', () => {
  const ownKey = { keys: acceptorConfig().keys }
  const sameKey = converse(dialerConfig(ownKey), acceptorConfig())
  expect(outcomes(sameKey)).toEqual(['E_PEER_REFUSED', 'E_PEER_IS_SELF'])
  const sameName = converse(dialerConfig({ self: { name: 'b@host', creation: 1 } }), acceptorConfig())
  expect(outcomes(sameName)).toEqual(['E_PEER_REFUSED', 'E_PEER_IS_SELF'])
  const toA = { ...strangerHello, role: 'acceptor', dialedName: 'a@host' } as const
  const answer = framed({ ...toA, publicKey: dialerConfig().keys.publicKey })
  const dialsC = dialerConfig({ dialed: 'c@host' })
  expect(hear(started(dialsC), answer)).toMatchObject([{ code: 'E_PEER_IS_SELF', fields: { same: 'key' } }])
})

test('keys of small order, in other spellings, or of zeros are refused by both ends before trust is asked', () => {
  for (const publicKey of unfitKeys) {
    const trust = (): never => expect.unreachable('trust was asked about an unfit key')
    const asked = hear(started(acceptorConfig({ trust })), framed({ ...strangerHello, publicKey }))
    expect(failureOf(asked)).toMatchObject({ code: 'E_PEER_KEY_INVALID', fields: { node: 'c@host' } })
    const answer = framed({ ...strangerHello, role: 'acceptor', name: 'b@host', dialedName: 'a@host', publicKey })
    expect(hear(started(dialerConfig({ trust })), answer)).toMatchObject([{ code: 'E_PEER_KEY_INVALID' }])
  }
})

test('a succession with an unfit key, a gap or a loop is refused by both ends before trust is asked', () => {
  const signature = new Uint8Array(64)
  const [old, older] = [acceptorConfig().keys.publicKey, dialerConfig().keys.publicKey]
  const { publicKey } = strangerHello
  const unfit = unfitKeys.map(oldKey => [{ serial: 1, oldKey, signature }])
  const gap = [
    { serial: 1, oldKey: older, signature },
    { serial: 3, oldKey: old, signature },
  ]
  for (const succession of [...unfit, gap, [{ serial: 1, oldKey: publicKey, signature }]]) {
    const trust = (): never => expect.unreachable('trust was asked about an unfit succession')
    const asked = hear(started(acceptorConfig({ trust })), framed({ ...strangerHello, succession }))
    expect(failureOf(asked)).toMatchObject({ code: 'E_PEER_KEY_INVALID' })
    const toA = { ...strangerHello, role: 'acceptor', name: 'b@host', dialedName: 'a@host' } as const
    expect(hear(started(dialerConfig({ trust })), framed({ ...toA, succession }))).toMatchObject([
      { code: 'E_PEER_KEY_INVALID' },
    ])
  }
})

test('a signature that nobody made does not open the door for a key of small order', () => {
  const forged = new Uint8Array(64)
  forged[0] = 1
  for (const publicKey of smallOrderKeys) {
    const state = started()
    const effects = [framed({ ...strangerHello, publicKey }), framed({ kind: 'proof', signature: forged })]
    expect(effects.flatMap(bytes => hear(state, bytes)).some(effect => effect.kind === 'done')).toBe(false)
  }
})

test('an acceptor that was not meant says so', () => {
  const ends = converse(dialerConfig({ dialed: 'x@host' }), acceptorConfig())
  expect(outcomes(ends)).toEqual(['E_PEER_NAME_OTHER', 'E_DIALED_NAME_WRONG'])
  expect(failureOf(ends.dialer.effects)).toMatchObject({ fields: { node: 'x@host' } })
})

test('a dialer does not prove itself to a node of another name', () => {
  const state = started(dialerConfig())
  const answer = framed({ ...strangerHello, role: 'acceptor', dialedName: 'a@host' })
  expect(hear(state, answer)).toMatchObject([
    { kind: 'failed', code: 'E_PEER_NAME_WRONG', fields: { node: 'c@host', dialed: 'b@host' } },
  ])
})

test('an answer that was meant for another dialer is refused', () => {
  const answer = framed({ ...strangerHello, role: 'acceptor', name: 'b@host', dialedName: 'x@host' })
  expect(hear(started(dialerConfig()), answer)).toMatchObject([{ code: 'E_HANDSHAKE_FAILED' }])
})

test('clocks may differ by two windows and no more, at either end', () => {
  const atEnds = (skewMs: number) => converse(dialerConfig(), acceptorConfig(), undefined, now + skewMs)
  for (const skewMs of [0, 60_000, -60_000]) expect(outcomes(atEnds(skewMs))).toEqual(['done', 'done'])
  for (const skewMs of [60_001, -60_001, Number.NaN]) {
    expect(outcomes(atEnds(skewMs))).toEqual(['E_PEER_REFUSED', 'E_CLOCK_SKEW'])
  }
  const answer = { ...strangerHello, role: 'acceptor', name: 'b@host', dialedName: 'a@host' } as const
  const late = hear(started(dialerConfig()), framed({ ...answer, wallMs: now + 60_001 }))
  expect(late).toMatchObject([{ code: 'E_CLOCK_SKEW', fields: { skewMs: 60_001 } }])
})

test.each([
  ['changed', 'E_PEER_KEY_CHANGED', 'key-changed'],
  ['untrusted', 'E_PEER_UNTRUSTED', 'untrusted'],
] as const)('an end that answers %s proves nothing about itself', (answer, code, reason) => {
  const accepting = converse(dialerConfig(), acceptorConfig({ trust: () => answer }))
  expect(outcomes(accepting)).toEqual(['E_PEER_REFUSED', code])
  expect(accepting.sent.acceptor).toEqual([framed({ kind: 'fail', reason })])
  const dialing = converse(dialerConfig({ trust: () => answer }), acceptorConfig())
  expect(outcomes(dialing)).toEqual([code, 'E_HANDSHAKE_TIMEOUT'])
  expect(dialing.sent.dialer).toHaveLength(1)
})

test.each([
  { side: 'dialer', answers: 1, sends: 1 },
  { side: 'dialer', answers: 2, sends: 2 },
  { side: 'acceptor', answers: 1, sends: 2 },
] as const)('a name pinned after $answers answers is refused by the $side', ({ side, answers, sends }) => {
  const questions: string[] = []
  const trust = ({ node }: { node: string }) => (questions.push(node) > answers ? 'changed' : 'accept')
  const ends = converse(
    dialerConfig(side === 'dialer' ? { trust } : {}),
    acceptorConfig(side === 'acceptor' ? { trust } : {}),
  )
  expect(isDone(ends[side])).toBe(false)
  expect(outcomeOf(ends[side])).toBe('E_PEER_KEY_CHANGED')
  expect(ends.sent[side]).toHaveLength(sends)
})

test('trust is asked about the name, the key and the wish to be hidden', () => {
  const questions: unknown[] = []
  const trust = (question: unknown) => (questions.push(question) > 0 ? 'accept' : 'untrusted')
  converse(dialerConfig({ trust }), acceptorConfig())
  expect(questions[0]).toEqual({
    node: 'b@host',
    publicKey: acceptorConfig().keys.publicKey,
    hidden: true,
    succession: [],
  })
})

test('bytes behind the last message are not of the handshake, in one piece or later: only a dialer may get any', () => {
  const append = (side: Side): Wire => {
    return (from, bytes, index) => [from === side && index === 1 ? Buffer.concat([bytes, Buffer.of(0)]) : bytes]
  }
  const { acceptor, sent } = converse(dialerConfig(), acceptorConfig(), append('dialer'))
  expect([isDone(acceptor), sent.acceptor.length]).toEqual([false, 1])
  // An acceptor may go on speaking right behind its OK: that is handed on, and is not of the handshake.
  const { dialer } = converse(dialerConfig(), acceptorConfig(), append('acceptor'))
  expect([isDone(dialer), dialer.effects.at(-1)]).toEqual([true, { kind: 'rest', bytes: Buffer.of(0) }])
  const after = converse(dialerConfig(), acceptorConfig())
  expect(hear(after.dialer.state, Buffer.of(0))).toEqual([{ kind: 'rest', bytes: Buffer.of(0) }])
  expect(hear(after.acceptor.state, Buffer.of(0))).toMatchObject([{ kind: 'failed', code: 'E_HANDSHAKE_FAILED' }])
  expect(hear(after.acceptor.state, Buffer.of(0))).toEqual([])
})

test('bytes that come before the start end the handshake', () => {
  for (const config of [dialerConfig(), acceptorConfig()]) {
    const state = createHandshake(config)
    expect(failureOf(hear(state, Buffer.of(0)))).toMatchObject({ code: 'E_HANDSHAKE_FAILED' })
    expect(step(state, { kind: 'start' }, now)).toEqual([])
  }
})

test('the deadline ends a handshake in every phase, and only the acceptor says so', () => {
  const states = [started(dialerConfig()), started(), createHandshake(dialerConfig())]
  for (const state of states) {
    expect(failureOf(step(state, { kind: 'expire' }, now))).toMatchObject({ code: 'E_HANDSHAKE_TIMEOUT' })
    expect(step(state, { kind: 'expire' }, now)).toEqual([])
  }
})

test('a connection that ends too early fails the handshake, and one that ends later does not', () => {
  expect(failureOf(step(started(), { kind: 'closed' }, now))).toMatchObject({ code: 'E_HANDSHAKE_FAILED' })
  const { dialer } = converse(dialerConfig(), acceptorConfig())
  expect(step(dialer.state, { kind: 'closed' }, now)).toEqual([])
})

test('a configuration of the wrong size is a bug of this node', () => {
  expect(() => createHandshake(dialerConfig({ nonce: new Uint8Array(31) }))).toThrow('assertion')
  expect(() => createHandshake(dialerConfig({ peerCertificateHash: new Uint8Array(0) }))).toThrow('assertion')
})

test('every failure fills the texts of its code', () => {
  const path = '/keys/trusted/x.json'
  const failures = [
    converse(dialerConfig({ dialed: 'x@host' }), acceptorConfig()),
    converse(dialerConfig({ trust: () => 'changed' }), acceptorConfig()),
    converse(dialerConfig(), acceptorConfig({ trust: () => 'untrusted' })),
    converse(dialerConfig({ keys: acceptorConfig().keys }), acceptorConfig()),
    converse(dialerConfig(), acceptorConfig(), undefined, now + 90_000),
  ].flatMap(({ dialer, acceptor }) => [...dialer.effects, ...acceptor.effects])
  for (const effect of failures) {
    if (effect.kind !== 'failed') continue
    expect(Object.keys(codes)).toContain(effect.code)
    expect(quicError(effect.code, { ...effect.fields, path }).message).not.toMatch(/undefined|NaN/)
  }
})

test('a dial that gives way to one from the other side says so with a code of its own', () => {
  const { dialer, acceptor } = converse(dialerConfig(), acceptorConfig({ trust: () => 'superseded' }))
  expect([outcomeOf(dialer), outcomeOf(acceptor)]).toEqual(['E_DIAL_SUPERSEDED', 'E_DIAL_SUPERSEDED'])
})

test('a wall clock before 1970 fails no start', () => {
  const state = createHandshake(dialerConfig())
  const [effect] = step(state, { kind: 'start' }, -5.5)
  expect(effect).toMatchObject({ kind: 'send' })
})
