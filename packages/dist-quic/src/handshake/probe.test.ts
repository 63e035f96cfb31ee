import { expect, test } from 'vitest'
import { acceptorConfig, bytesFrom, converse, dialerConfig, isDone, now, outcomeOf } from '../../test/two-ends.ts'
import { cookieMac, isCookieMac } from './cookie.ts'
import { decodeMessage, encodeMessage, frameMessage, type Hello } from './messages.ts'
import { createHandshake, type Effect, step } from './state.ts'

const cookie = bytesFrom('the cookie')
const probe = (changes = {}) => dialerConfig({ cookieOnly: true, cookie, ...changes })
const acceptor = (changes = {}) => acceptorConfig({ cookie, ...changes })
const outcomes = ({ dialer, acceptor }: ReturnType<typeof converse>) => [outcomeOf(dialer), outcomeOf(acceptor)]
const resultOf = (effects: Effect[]) => effects.find(effect => effect.kind === 'done')?.result
const helloOf = (sent: Uint8Array[]) => decodeMessage((sent[0] as Uint8Array).slice(2)) as Hello

test('a probe is let in with the cookie, as a hidden one without a key', () => {
  const ends = converse(probe(), acceptor())
  expect(outcomes(ends)).toEqual(['done', 'done'])
  expect(resultOf(ends.acceptor.effects)).toEqual({
    peer: { name: 'a@host', creation: 7 },
    role: 'probe',
    publicKey: undefined,
    fingerprint: undefined,
    hidden: true,
    succession: [],
  })
  // It does learn who is there, by a signature.
  expect(resultOf(ends.dialer.effects)).toMatchObject({ role: 'tool', publicKey: acceptorConfig().keys.publicKey })
})

test('neither the key of a probe nor its cookie goes over the wire', () => {
  const { sent } = converse(probe(), acceptor())
  expect(helloOf(sent.dialer)).toMatchObject({ hidden: true, cookieOnly: true, publicKey: new Uint8Array(32) })
  const all = Buffer.concat([...sent.dialer, ...sent.acceptor])
  for (const secret of [cookie, dialerConfig().keys.publicKey]) expect(all.includes(Buffer.from(secret))).toBe(false)
})

test('another cookie, none at the acceptor, or a name that is not listed is refused', () => {
  const wrong = converse(probe({ cookie: bytesFrom('another') }), acceptor())
  expect(outcomes(wrong)).toEqual(['E_PEER_REFUSED', 'E_COOKIE_ONLY_REFUSED'])
  const none = converse(probe(), acceptorConfig())
  expect(outcomes(none)).toEqual(['E_PEER_REFUSED', 'E_COOKIE_ONLY_REFUSED'])
  const unlisted = converse(probe(), acceptor({ trust: () => 'unlisted' }))
  expect(outcomes(unlisted)).toEqual(['E_PEER_REFUSED', 'E_COOKIE_ONLY_REFUSED'])
  // Nothing is signed for who may not come in at all.
  for (const { sent } of [none, unlisted]) expect(sent.acceptor).toHaveLength(1)
})

test('a name that is pinned while a probe is on its way is not for the probe', () => {
  let asked = 0
  const ends = converse(probe(), acceptor({ trust: () => (asked++ === 0 ? 'accept' : 'unlisted') }))
  expect(outcomes(ends)).toEqual(['E_PEER_REFUSED', 'E_COOKIE_ONLY_REFUSED'])
})

test('trust is asked about a probe without a key', () => {
  const questions: unknown[] = []
  const trust = (question: unknown) => (questions.push(question) > 0 ? 'accept' : 'changed')
  converse(probe(), acceptor({ trust }))
  expect(questions[0]).toEqual({ node: 'a@host', publicKey: undefined, hidden: true, succession: [] })
})

test('a probe between two connections is refused, and proves nothing', () => {
  const relayed = converse(probe({ peerCertificateHash: bytesFrom('relay') }), acceptor())
  expect(isDone(relayed.dialer) || isDone(relayed.acceptor)).toBe(false)
  expect(relayed.sent.dialer).toHaveLength(1)
})

test('a recorded probe is refused by a fresh acceptor', () => {
  const { sent } = converse(probe(), acceptor())
  const state = createHandshake(acceptor({ nonce: bytesFrom('fresh') }))
  step(state, { kind: 'start' }, now)
  const effects = sent.dialer.flatMap(bytes => step(state, { kind: 'bytes', bytes }, now))
  expect(effects.at(-1)).toMatchObject({ kind: 'failed', code: 'E_COOKIE_ONLY_REFUSED' })
})

test('a signature that anyone can make for a key of zeros does not let a probe in', () => {
  // R is the identity, S is zero: for a point of order 4 it fits one message in four.
  const forged = new Uint8Array(64)
  forged[0] = 1
  const { sent } = converse(probe(), acceptor())
  for (let round = 0; round < 40; round++) {
    const state = createHandshake(acceptor({ nonce: bytesFrom(`round ${round}`) }))
    step(state, { kind: 'start' }, now)
    step(state, { kind: 'bytes', bytes: sent.dialer[0] as Uint8Array }, now)
    const bytes = frameMessage(encodeMessage({ kind: 'proof', signature: forged }))
    const effects = step(state, { kind: 'bytes', bytes }, now)
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', problem: 'a proof out of turn' })
  }
})

const answer: Hello = {
  kind: 'hello',
  role: 'acceptor',
  hidden: true,
  cookieOnly: false,
  creation: 9,
  nonce: bytesFrom('nonce of b'),
  wallMs: now,
  publicKey: acceptorConfig().keys.publicKey,
  name: 'b@host',
  dialedName: 'a@host',
  succession: [],
  memberCertificate: new Uint8Array(0),
}

test('no dialer, not even a probe, accepts an acceptor that has only the cookie', () => {
  for (const config of [probe(), dialerConfig({ cookie })]) {
    const claims = encodeMessage(answer)
    claims[3] = 3
    for (const said of [
      [claims],
      [encodeMessage(answer), encodeMessage({ kind: 'cookieProof', mac: bytesFrom('any') })],
      [encodeMessage({ kind: 'ok' })],
    ]) {
      const state = createHandshake(config)
      step(state, { kind: 'start' }, now)
      const effects = said.flatMap(bytes => step(state, { kind: 'bytes', bytes: frameMessage(bytes) }, now))
      expect(effects).toMatchObject([{ kind: 'failed', code: 'E_HANDSHAKE_FAILED' }])
    }
  }
})

test('a cookie-only hello with a key, with a succession, in sight of others or from an acceptor does not decode', () => {
  const probing: Hello = { ...answer, role: 'dialer', cookieOnly: true, publicKey: new Uint8Array(32) }
  const statement = { serial: 1, oldKey: bytesFrom('old'), signature: new Uint8Array(64) }
  expect(decodeMessage(encodeMessage(probing))).toEqual(probing)
  for (const change of [
    { publicKey: bytesFrom('key') },
    { succession: [statement] },
    { hidden: false },
    { role: 'acceptor' as const },
  ]) {
    expect(typeof decodeMessage(encodeMessage({ ...probing, ...change }))).toBe('string')
  }
})

test('a probe without a cookie is a bug of this node', () => {
  expect(() => createHandshake(dialerConfig({ cookieOnly: true }))).toThrow('assertion')
})

test('a probe that proves itself twice while the application decides is refused', () => {
  const { sent } = converse(probe(), acceptor({ asks: true }))
  const state = createHandshake(acceptor({ asks: true }))
  step(state, { kind: 'start' }, now)
  const [hello, proof] = sent.dialer as [Uint8Array, Uint8Array]
  const effects = [hello, proof, proof].flatMap(bytes => step(state, { kind: 'bytes', bytes }, now))
  expect(effects.filter(effect => effect.kind === 'ask')).toHaveLength(1)
  expect(effects.at(-1)).toMatchObject({ kind: 'failed', problem: 'a cookie proof out of turn' })
  expect(step(state, { kind: 'verdict', accepted: true }, now)).toEqual([])
})

test('a probe of a node whose key has been rotated says nothing of its keys', () => {
  const succession = [{ serial: 1, oldKey: bytesFrom('old'), signature: new Uint8Array(64) }]
  expect(outcomes(converse(probe({ succession }), acceptor()))).toEqual(['done', 'done'])
})

test('a proof of another length is none', () => {
  const hello = new Uint8Array(1)
  const hash = bytesFrom('certificate')
  const certificates = { dialerCertificateHash: hash, acceptorCertificateHash: hash }
  const transcript = { dialerHello: hello, acceptorHello: hello, ...certificates }
  const mac = cookieMac(cookie, transcript)
  expect(isCookieMac(cookie, transcript, mac)).toBe(true)
  for (const other of [mac.slice(1), Buffer.concat([mac, Buffer.of(0)])]) {
    expect(isCookieMac(cookie, transcript, other)).toBe(false)
  }
})
