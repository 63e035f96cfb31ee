/**
 * Handshakes that no honest node has, against a real node over real QUIC: what it answers, that it keeps nothing of
 * them, and that an honest peer is served all the while.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node } from '@barrel-actors/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encodeMessage, type Hello } from '../src/handshake/messages.ts'
import { succeed } from '../src/identity/succession.ts'
import { Quic } from '../src/index.ts'
import { limits } from '../src/limits.ts'
import { addressOf, echo, failureOf, logLines, startQuicNode, stopQuicNodes } from './quic-nodes.ts'
import { framed, Stranger, type Talk } from './stranger.ts'
import { keysFrom } from './two-ends.ts'
import { smallOrderKeys, smallOrderSpellings, unreducedKeys } from './weak-keys.ts'

let node: Node
let honest: Node
let stranger: Stranger
let folder: string
const log = logLines()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barrel-hostile-'))
  node = await startQuicNode('node@127.0.0.1', { authHandshakeTimeoutMs: 2_000 }, { dataDir: folder, log })
  honest = await startQuicNode('honest@127.0.0.1')
  stranger = await Stranger.open()
  await honest.connect(addressOf(node))
  await echo(honest, node, 'the channel is up at both ends')
})

afterEach(async () => {
  // Nothing is left of the strangers, in memory or on disk, and the honest peer is served.
  expect(node.nodes()).toEqual([honest.name])
  expect(
    node
      .extension(Quic)
      .trust.list()
      .map(pin => pin.node),
  ).toEqual([honest.name])
  expect(await readdir(join(folder, 'keys', 'trusted'))).toHaveLength(1)
  expect(await echo(honest, node, 'served')).toBe('served')
})

afterAll(async () => {
  await stranger.close()
  await stopQuicNodes()
  await rm(folder, { recursive: true })
})

const hello = (changes: Partial<Hello> = {}) =>
  stranger.hello({ role: 'dialer', dialedName: 'node@127.0.0.1', ...changes })
const ok = encodeMessage({ kind: 'ok' })
const proof = (signature = new Uint8Array(64)) => encodeMessage({ kind: 'proof', signature })
const cookieProof = encodeMessage({ kind: 'cookieProof', mac: new Uint8Array(32) })
const refusal = encodeMessage({ kind: 'fail', reason: 'untrusted' })

/** Says it right after TLS, and gives the reason of the refusal. */
async function refusalOf(...bytes: Uint8Array[]): Promise<string | undefined> {
  const talk = await stranger.dial(node.extension(Quic).address)
  talk.say(...bytes)
  return talk.refusal()
}

/** The same after a good hello, whose answer it has. */
async function refusalAfterHello(say: (talk: Talk, ownHello: Uint8Array) => Uint8Array[]): Promise<string | undefined> {
  const talk = await stranger.dial(node.extension(Quic).address)
  const ownHello = hello()
  talk.say(framed(ownHello))
  await talk.hears(2)
  expect(talk.messages.map(message => message.kind)).toEqual(['hello', 'proof'])
  talk.say(...say(talk, ownHello))
  return talk.refusal()
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = value
  return copy
}

/** Another value for certain: a byte of a signature may have any. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return changed(bytes, at, (bytes[at] as number) ^ 1)
}

/** A hello whose name is any bytes: the encoder of an honest node makes none such. */
function helloNamed(name: Uint8Array): Uint8Array {
  const [before, after] = [hello().slice(0, 84), hello().slice(84 + 1 + 'stranger@127.0.0.1'.length)]
  return Buffer.concat([before, Buffer.of(name.length & 255), name, after])
}

test('as the first message everything but the hello of a dialer is refused', async () => {
  for (const first of [proof(), cookieProof, ok, refusal, hello({ role: 'acceptor' }), Buffer.of(0), Buffer.of(6)]) {
    expect(await refusalOf(framed(first))).toBe('bad-message')
  }
})

test('a hello that is cut, longer than it says, or followed by more is refused', async () => {
  const whole = hello()
  for (const length of [1, 2, 83, 84, 85, whole.length - 1]) {
    expect(await refusalOf(framed(whole.slice(0, length)))).toBe('bad-message')
  }
  expect(await refusalOf(framed(Buffer.concat([whole, Buffer.of(0)])))).toBe('bad-message')
  expect(await refusalOf(framed(whole), framed(whole))).toBe('bad-message')
})

test('a message of no bytes, or of more than any message has, is refused when its length is read', async () => {
  expect(await refusalOf(Buffer.of(0, 0))).toBe('bad-message')
  for (const length of [limits.handshakeMessageBytesMax + 1, 65_535]) {
    expect(await refusalOf(Buffer.of(length >> 8, length & 255))).toBe('bad-message')
  }
})

test('a message that never ends, or never begins, is cut off by the deadline', async () => {
  const whole = framed(hello())
  const silent = await stranger.dial(node.extension(Quic).address)
  const started = [whole.slice(0, 1), whole.slice(0, 2), whole.slice(0, -1)]
  expect(await Promise.all(started.map(bytes => refusalOf(bytes)))).toEqual(['timeout', 'timeout', 'timeout'])
  // The stream of who said nothing is not there to be answered on: the close itself says why.
  expect((await silent.closed).message).toContain('it took too long')
})

test('versions that this node does not speak are refused by their number', async () => {
  for (const version of [0, 1, 2, 3, 5, 255]) {
    expect(await refusalOf(framed(changed(hello(), 1, version)))).toBe('bad-message')
    const problem = `it speaks handshake version ${version}, this node speaks 4`
    // Lines come once a second.
    const told = () => log.of('handshake failed').at(-1)
    await expect.poll(told, { timeout: 5_000 }).toMatchObject({ code: 'E_HANDSHAKE_FAILED', problem })
  }
})

test('the hello of versions 1 and 2, as barrel laid it out, is refused', async () => {
  for (const version of [1, 2]) {
    const name = Buffer.from('old@127.0.0.1')
    const bytes = Buffer.concat([Buffer.of(1, version, 0, name.length), name, stranger.keys.publicKey])
    expect(await refusalOf(framed(bytes))).toBe('bad-message')
  }
})

test('names that are none are refused before anything is done with them', async () => {
  const text = (name: string) => Buffer.from(name, 'latin1')
  const names = ['', 'x', '@', 'a@', '@h', 'a@@h', 'a@h@i', '../x@h', 'a/b@h', 'a\\b@h', 'C:\\x@h', 'a@h\n', 'a\0@h']
  const more = ['\x1b[31m@h', '__proto__', 'a@..', '-a@h', ' a@h', 'é@h', 'x'.repeat(255)]
  for (const name of [...names, ...more].map(text))
    expect(await refusalOf(framed(helloNamed(name)))).toBe('bad-message')
  // The length is one byte: 256 bytes cannot be said, and what follows does not fit.
  expect(await refusalOf(framed(helloNamed(text(`${'x'.repeat(254)}@h`))))).toBe('bad-message')
})

test('names that look like properties, and the longest one, are names and no more', async () => {
  for (const name of ['__proto__@__proto__', 'constructor@toString', `${'x'.repeat(253)}@h`]) {
    const talk = await stranger.dial(node.extension(Quic).address)
    talk.say(framed(hello({ name })))
    await talk.hears(2)
    expect(talk.messages[0]).toMatchObject({ kind: 'hello', dialedName: name })
    talk.say(framed(proof()))
    expect(await talk.refusal()).toBe('bad-signature')
  }
})

test('hundreds of names that prove nothing leave nothing', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `n${index}@h`)
  for (let at = 0; at < names.length; at += 25) {
    const refusals = names.slice(at, at + 25).map(name => refusalOf(framed(hello({ name })), framed(proof())))
    expect(new Set(await Promise.all(refusals))).toEqual(new Set(['bad-signature']))
  }
})

test('keys for which anyone can sign, in all their spellings, are refused', async () => {
  for (const publicKey of [
    ...smallOrderKeys,
    ...smallOrderSpellings,
    unreducedKeys[3] as Uint8Array,
    new Uint8Array(32),
  ]) {
    expect(await refusalOf(framed(hello({ publicKey })))).toBe('bad-key')
  }
})

test('a succession with unfit keys, gaps, loops or too many statements is refused', async () => {
  const [one, two] = [await keysFrom('one'), await keysFrom('two')]
  const first = succeed('stranger@127.0.0.1', [], one, two.publicKey)
  const chain = succeed('stranger@127.0.0.1', first, two, stranger.keys.publicKey)
  const statement = { serial: 1, oldKey: one.publicKey, signature: new Uint8Array(64) }
  const unfit = [{ ...statement, oldKey: smallOrderKeys[2] as Uint8Array }]
  const gap = chain.map((each, index) => ({ ...each, serial: 1 + 2 * index }))
  const loop = [{ ...statement, oldKey: stranger.keys.publicKey }]
  for (const succession of [unfit, gap, loop]) {
    expect(await refusalOf(framed(hello({ succession })))).toBe('bad-succession')
  }
  const many = Array.from({ length: 9 }, (_, index) => ({ ...statement, serial: 1 + index }))
  expect(await refusalOf(framed(hello({ succession: many })))).toBe('bad-message')
  expect(await refusalOf(framed(hello({ succession: chain }).slice(0, -1)))).toBe('bad-message')
})

test('who it is not, when it is not, and what it is not for is refused with its reason', async () => {
  const own = node.extension(Quic).publicKey
  expect(await refusalOf(framed(hello({ dialedName: 'other@127.0.0.1' })))).toBe('wrong-name')
  expect(await refusalOf(framed(hello({ name: node.name })))).toBe('own-identity')
  expect(await refusalOf(framed(hello({ publicKey: own })))).toBe('own-identity')
  expect(await refusalOf(framed(hello({ wallMs: 1 })))).toBe('clock-skew')
  expect(await refusalOf(framed(hello({ wallMs: Number.MAX_SAFE_INTEGER })))).toBe('clock-skew')
  expect(await refusalOf(framed(hello({ name: honest.name })))).toBe('key-changed')
  const probing = { cookieOnly: true, hidden: true, publicKey: new Uint8Array(32) }
  expect(await refusalOf(framed(hello(probing)))).toBe('cookie-only-refused')
})

test('after a good hello everything but the one good proof is refused', async () => {
  const wrong: [string, (talk: Talk, own: Uint8Array) => Uint8Array[]][] = [
    ['bad-signature', () => [framed(proof())]],
    ['bad-signature', (talk, own) => [framed(flipped(stranger.proof(talk, own), 5))]],
    ['bad-signature', (talk, own) => [framed(stranger.proof(talk, changed(own, 3, 1)))]],
    ['bad-message', (talk, own) => [framed(stranger.proof(talk, own).slice(0, -1))]],
    ['bad-message', (talk, own) => [framed(Buffer.concat([stranger.proof(talk, own), Buffer.of(0)]))]],
    ['bad-message', (_, own) => [framed(own)]],
    ['bad-message', () => [framed(cookieProof)]],
    ['bad-message', () => [framed(ok)]],
    ['bad-message', () => [framed(refusal)]],
  ]
  for (const [reason, say] of wrong) expect(await refusalAfterHello(say)).toBe(reason)
})

test('a good proof with one byte more behind it is not accepted', async () => {
  // In one piece: the node must not have said OK before it sees the rest.
  await refusalAfterHello((talk, own) => [Buffer.concat([framed(stranger.proof(talk, own)), Buffer.of(0)])])
  const told = () => log.of('handshake failed').at(-1)
  await expect.poll(told, { timeout: 5_000 }).toMatchObject({ problem: 'bytes after the end' })
})

test('a conversation that was recorded is refused when it is played again', async () => {
  const recorded: Uint8Array[] = []
  await refusalAfterHello((talk, own) => {
    recorded.push(framed(own), framed(stranger.proof(talk, own)))
    return [framed(ok)]
  })
  expect(await refusalOf(...recorded)).toBe('bad-signature')
})

describe('a stranger that is dialed', () => {
  const named = 'stranger@127.0.0.1'
  const answer = (changes: Partial<Hello> = {}) =>
    stranger.hello({ role: 'acceptor', dialedName: node.name, ...changes })

  async function dialed(say: (talk: Talk) => Uint8Array[]): Promise<string> {
    stranger.answer = talk => void talk.hears(1).then(() => talk.say(...say(talk)))
    return (await failureOf(node.connect(`${named}:${stranger.address.port}`))).code
  }

  test('and says what no honest acceptor says is refused with a code', async () => {
    const wrong: [string, (talk: Talk) => Uint8Array[]][] = [
      ['E_HANDSHAKE_FAILED', () => [framed(ok)]],
      ['E_HANDSHAKE_FAILED', () => [framed(proof())]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer({ role: 'dialer' }))]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer()), framed(ok)]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer()), framed(proof())]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer()), framed(cookieProof)]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer()), framed(answer())]],
      ['E_HANDSHAKE_FAILED', () => [framed(answer({ dialedName: 'other@127.0.0.1' }))]],
      ['E_HANDSHAKE_FAILED', () => [Buffer.of(255, 255)]],
      ['E_HANDSHAKE_FAILED', talk => [framed(talk.firstMessage)]],
      ['E_HANDSHAKE_FAILED', () => [framed(changed(answer(), 1, 2))]],
      ['E_HANDSHAKE_FAILED', () => [framed(changed(answer(), 3, 3))]],
      ['E_PEER_NAME_WRONG', () => [framed(answer({ name: honest.name }))]],
      ['E_PEER_KEY_INVALID', () => [framed(answer({ publicKey: smallOrderKeys[4] as Uint8Array }))]],
      ['E_CLOCK_SKEW', () => [framed(answer({ wallMs: 1 }))]],
      ['E_PEER_REFUSED', () => [framed(refusal)]],
      ['E_HANDSHAKE_TIMEOUT', () => [framed(answer())]],
    ]
    for (const [code, say] of wrong) expect(await dialed(say)).toBe(code)
  })

  test('between two nodes, with certificates of its own, is believed by neither', async () => {
    // Everything is forwarded, byte for byte: a tunnel, were it not for the certificates.
    const target = await startQuicNode('target@127.0.0.1')
    stranger.answer = back => {
      void stranger.dial(target.extension(Quic).address).then(async onward => {
        await back.hears(1)
        onward.say(framed(back.firstMessage))
        await onward.hears(2)
        back.say(...onward.messages.map(message => framed(encodeMessage(message))))
      })
    }
    const attempt = await failureOf(node.connect(`${target.name}:${stranger.address.port}`))
    expect([attempt.code, attempt.fields]).toMatchObject([
      'E_HANDSHAKE_FAILED',
      { problem: expect.stringContaining('signature') },
    ])
    expect([target.nodes(), target.extension(Quic).trust.list()]).toEqual([[], []])
    await target.stop()
  })
})
