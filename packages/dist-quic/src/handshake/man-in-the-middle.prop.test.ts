/**
 * Somebody between the ends holds every message: may drop, repeat, reorder, rewrite and reflect it, carry it over from
 * one conversation to another, and speak for itself, with a key of its own. Two dialers and two acceptors of the same
 * two nodes are in its hands at once.
 */
import { silentLog } from '@barrel-actors/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryDisk } from '../../test/memory-disk.ts'
import { acceptorConfig, bytesFrom, clockAt, converse, dialerConfig, keysFrom, now } from '../../test/two-ends.ts'
import { clusterTrustOf } from '../identity/cluster-trust.ts'
import { readCookieOnly } from '../identity/cookie-only.ts'
import type { KeyPair } from '../identity/keys.ts'
import { clusterIdOf, signMember } from '../identity/member-certificate.ts'
import { type Succession, succeed } from '../identity/succession.ts'
import { TrustPolicy } from '../identity/trust-policy.ts'
import { openTrustStore } from '../identity/trust-store.ts'
import { cookieMac } from './cookie.ts'
import { decodeMessage, encodeMessage, frameMessage, type Hello, type Message } from './messages.ts'
import type { HandshakeConfig } from './options.ts'
import { createHandshake, type HandshakeState, step } from './state.ts'
import { signedBytes, type Transcript } from './transcript.ts'

const [aOld, a, bOld, b, mallory] = (await Promise.all(['a old', 'a', 'b old', 'b', 'mallory'].map(keysFrom))) as [
  KeyPair,
  KeyPair,
  KeyPair,
  KeyPair,
  KeyPair,
]
const aChain = succeed('a@host', [], aOld, a.publicKey)
const bChain = succeed('b@host', [], bOld, b.publicKey)
const secret = 'a cookie that nobody can guess'
const cookieOnly = readCookieOnly(secret, ['probe@host'])

async function trusting(pins: Record<string, Uint8Array>): Promise<HandshakeConfig['trust']> {
  const store = await openTrustStore(memoryDisk(), clockAt(now), undefined)
  for (const [node, key] of Object.entries(pins)) await store.pin(node, key)
  const policy = new TrustPolicy(store, {
    mode: 'tofu',
    authEnabled: true,
    cookieOnly,
    onKeyChange: 'certificate',
    log: silentLog,
  })
  return question => policy.answer(question)
}

const pinned = await trusting({ 'a@host': a.publicKey, 'b@host': b.publicKey })
const pinnedOld = await trusting({ 'a@host': aOld.publicKey, 'b@host': bOld.publicKey })
/** Without a pin every key is believed, unless the cluster says no. */
const unpinned = await trusting({})
const [clusterKeys, malloryCluster] = [await keysFrom('cluster'), await keysFrom('cluster of mallory')]
const cluster = clusterTrustOf([clusterKeys.publicKey])
const always = { serial: 1, notBefore: 0, notAfter: now * 2 }
const aMember = signMember(clusterKeys, { node: 'a@host', publicKey: a.publicKey, role: 'node', ...always })
const bMember = signMember(clusterKeys, { node: 'b@host', publicKey: b.publicKey, role: 'tool', ...always })
const kinds = {
  'certified nodes that nobody has pinned': [
    { trust: unpinned, cluster, memberCertificate: aMember },
    { trust: unpinned, cluster, memberCertificate: bMember },
  ],
  'pinned keys': [{ trust: pinned }, { trust: pinned }],
  successors: [
    { trust: pinnedOld, keys: a, succession: aChain },
    { trust: pinnedOld, keys: b, succession: bChain },
  ],
  'a probe': [
    { trust: pinned, cookieOnly: true, cookie: cookieOnly?.cookie, self: { name: 'probe@host', creation: 3 } },
    { trust: pinned, cookie: cookieOnly?.cookie },
  ],
  'ends that ask': [
    { trust: pinned, asks: true },
    { trust: pinned, asks: true },
  ],
} as const

interface Held {
  readonly ends: HandshakeState[]
  /** Every message that was ever said, and by whom; more than one end may be given it, more than once. */
  readonly said: { readonly by: number; readonly bytes: Uint8Array }[]
  /** What each end has been given of the messages of its own conversation, in order. */
  readonly given: number[]
  readonly done: Set<number>
}

/** Ends 0 and 2 dial, 1 and 3 are dialed; 0 with 1 and 2 with 3 unless somebody sees to it. */
function hold(kind: keyof typeof kinds, isRelayed: boolean): Held {
  const [dialing, accepting] = kinds[kind]
  const ends = [0, 1].flatMap(number => {
    const seen = (of: string) => bytesFrom(isRelayed ? `certificate shown to ${of} ${number}` : `certificate of ${of}`)
    const nonces = [bytesFrom(`nonce a ${number}`), bytesFrom(`nonce b ${number}`)] as const
    const dialerSees = isRelayed ? { peerCertificateHash: seen('dialer') } : {}
    const acceptorSees = isRelayed ? { peerCertificateHash: seen('acceptor') } : {}
    return [
      createHandshake(dialerConfig({ keys: a, ...dialing, ...dialerSees, nonce: nonces[0] })),
      createHandshake(acceptorConfig({ keys: b, ...accepting, ...acceptorSees, nonce: nonces[1] })),
    ]
  })
  const held: Held = { ends, said: [...recorded], given: [0, 0, 0, 0], done: new Set() }
  for (const end of [1, 3, 0, 2]) feed(held, end, { kind: 'start' })
  return held
}

/** A conversation of the same two nodes that was over before. */
const recorded = Object.values(converse(dialerConfig({ keys: a }), acceptorConfig({ keys: b })).sent)
  .flat()
  .flatMap(bytes => messagesIn(bytes).map(message => ({ by: -1, bytes: message })))

function feed(held: Held, end: number, input: Parameters<typeof step>[1]): void {
  for (const effect of step(held.ends[end] as HandshakeState, input, now)) {
    if (effect.kind === 'send') held.said.push(...messagesIn(effect.bytes).map(bytes => ({ by: end, bytes })))
    if (effect.kind === 'done') held.done.add(end)
    if (effect.kind === 'ask') feed(held, end, { kind: 'verdict', accepted: true })
  }
}

function messagesIn(stream: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    const end = at + 2 + Buffer.from(stream).readUInt16BE(at)
    messages.push(stream.slice(at, end))
    at = end
  }
  return messages
}

interface Move {
  readonly kind: 'pass' | 'any' | 'rewrite' | 'cut' | 'drop' | 'speak'
  readonly end: number
  readonly pick: number
  readonly at: number
  readonly bit: number
}

const move: fc.Arbitrary<Move> = fc.record({
  // Mostly what an honest wire does, or nothing would ever come far.
  kind: fc.constantFrom(...(['pass', 'pass', 'pass', 'pass', 'any', 'rewrite', 'cut', 'drop', 'speak'] as const)),
  end: fc.nat(3),
  pick: fc.nat(),
  at: fc.nat(),
  bit: fc.nat(7),
})

function play(held: Held, { kind, end, pick, at, bit }: Move): void {
  const state = held.ends[end] as HandshakeState
  const partner = end ^ 1
  const due = held.said.filter(each => each.by === partner)[held.given[end] as number]?.bytes
  const any = held.said[pick % held.said.length]?.bytes
  switch (kind) {
    case 'pass':
    case 'rewrite':
    case 'cut':
      if (due === undefined) return
      held.given[end] = (held.given[end] as number) + 1
      return feed(held, end, { kind: 'bytes', bytes: kind === 'pass' ? due : spoil(due, kind, at, bit) })
    case 'drop':
      held.given[end] = (held.given[end] as number) + 1
      return
    case 'any':
      return any === undefined ? undefined : feed(held, end, { kind: 'bytes', bytes: any })
    case 'speak':
      return feed(held, end, { kind: 'bytes', bytes: speak(state, pick) })
  }
}

function spoil(message: Uint8Array, how: 'rewrite' | 'cut', at: number, bit: number): Uint8Array {
  const where = at % message.length
  if (how === 'cut') return message.slice(0, where)
  const changed = Uint8Array.from(message)
  changed[where] = (changed[where] as number) ^ (1 << bit)
  return changed
}

/** Certificates that mallory can show: none, one of a cluster of their own, one of somebody else, one that nobody signed. */
function stolenOrForged(name: string, pick: number): Uint8Array {
  const role = name === 'b@host' ? 'tool' : 'node'
  const own = signMember(malloryCluster, { node: name, publicKey: mallory.publicKey, role, ...always })
  const forged = Uint8Array.from(own)
  forged.set(clusterIdOf(clusterKeys.publicKey), 2)
  return [new Uint8Array(0), own, aMember, bMember, forged][pick % 5] as Uint8Array
}

/** What somebody says who has the key of nobody here and no cookie, in the name of another. */
function speak({ config, ownHello, peer }: HandshakeState, pick: number): Uint8Array {
  const isDialer = config.role === 'dialer'
  const name = isDialer ? 'b@host' : ((['a@host', 'probe@host'] as const)[pick % 2] as string)
  const old = isDialer ? bOld : aOld
  const chains: Succession[] = [[], isDialer ? bChain : aChain, succeed(name, [], mallory, a.publicKey)]
  const claimed = { serial: 1, oldKey: old.publicKey, signature: mallory.sign(bytesFrom('anything')) }
  const hello: Hello = {
    kind: 'hello',
    role: isDialer ? 'acceptor' : 'dialer',
    hidden: name === 'probe@host',
    cookieOnly: name === 'probe@host',
    creation: 99,
    nonce: bytesFrom(`nonce of mallory ${pick}`),
    wallMs: now,
    publicKey: name === 'probe@host' ? new Uint8Array(32) : mallory.publicKey,
    name,
    dialedName: config.self.name,
    succession: name === 'probe@host' ? [] : ([...chains, [claimed]][pick % 4] as Succession),
    memberCertificate: name === 'probe@host' ? new Uint8Array(0) : stolenOrForged(name, pick),
  }
  if (ownHello === undefined || peer === undefined) return framed(hello)
  const own = { hello: ownHello, hash: config.ownCertificateHash }
  const other = { hello: peer.bytes, hash: config.peerCertificateHash }
  const [dialer, acceptor] = isDialer ? [own, other] : [other, own]
  const transcript: Transcript = {
    dialerHello: dialer.hello,
    acceptorHello: acceptor.hello,
    dialerCertificateHash: dialer.hash,
    acceptorCertificateHash: acceptor.hash,
  }
  const said: Message[] = [
    { kind: 'proof', signature: mallory.sign(signedBytes(isDialer ? 'acceptor' : 'dialer', transcript)) },
    { kind: 'cookieProof', mac: cookieMac(Buffer.from('a cookie that somebody guessed'), transcript) },
    { kind: 'ok' },
    hello,
  ]
  return framed(said[pick % said.length] as Message)
}

function framed(message: Message): Uint8Array {
  return frameMessage(encodeMessage(message))
}

/** Whether some end of the other role has had the very same conversation, byte for byte, on the same connection. */
function hasPartner(held: Held, end: number): boolean {
  const state = held.ends[end] as HandshakeState
  return held.ends.some(
    other =>
      other.config.role !== state.config.role &&
      isSame(other.ownHello, state.peer?.bytes) &&
      isSame(other.peer?.bytes, state.ownHello) &&
      isSame(other.config.ownCertificateHash, state.config.peerCertificateHash) &&
      isSame(other.config.peerCertificateHash, state.config.ownCertificateHash),
  )
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.from(one).equals(other)
}

const each = Object.keys(kinds) as (keyof typeof kinds)[]
const honestMoves: Move[] = Array.from({ length: 16 }, (_, at) => ({
  kind: 'pass',
  end: at % 4,
  pick: 0,
  at: 0,
  bit: 0,
}))
// A good conversation with something done to it in a few places, or anything at all.
const meddled = fc
  .array(fc.tuple(fc.nat(12), fc.nat(1), move), { minLength: 1, maxLength: 4 })
  .map(edits => edits.reduce((moves, [at, without, more]) => moves.toSpliced(at, without, more), honestMoves))
const moves = fc.oneof({ weight: 3, arbitrary: meddled }, { weight: 1, arbitrary: fc.array(move, { maxLength: 16 }) })

test.each(each)('with nobody in the middle both ends believe: %s', kind => {
  const held = hold(kind, false)
  for (const next of honestMoves) play(held, next)
  expect([...held.done].sort()).toEqual([0, 1, 2, 3])
})

test.each(each)('an end that believes has had the same conversation as its partner: %s', kind => {
  const reached = { some: 0, none: 0 }
  fc.assert(
    fc.property(moves, script => {
      const held = hold(kind, false)
      for (const next of script) play(held, next)
      for (const end of held.done) expect(hasPartner(held, end)).toBe(true)
      reached[held.done.size > 0 ? 'some' : 'none']++
    }),
    { numRuns: 400 },
  )
  // Scripts that never come to the end would prove nothing.
  expect(reached.some).toBeGreaterThan(100)
})

test.each(each)('between two connections no end ever believes: %s', kind => {
  fc.assert(
    fc.property(
      fc.oneof(
        moves,
        moves.map(script => [...honestMoves.slice(0, 6), ...script]),
      ),
      script => {
        const held = hold(kind, true)
        for (const next of script) play(held, next)
        expect([...held.done]).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
})

test('what is recorded here is what was said: every message decodes', () => {
  expect(recorded.map(({ bytes }) => (decodeMessage(bytes.slice(2)) as Message).kind).sort()).toEqual([
    'hello',
    'hello',
    'ok',
    'proof',
    'proof',
  ])
})
