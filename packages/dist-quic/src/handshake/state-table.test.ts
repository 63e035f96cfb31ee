/** Every word in every phase, for both roles: what the end does, and where it stands then. */
import { expect, test } from 'vitest'
import { acceptorConfig, bytesFrom, converse, dialerConfig, now } from '../../test/two-ends.ts'
import { encodeMessage, frameMessage } from './messages.ts'
import type { HandshakeConfig } from './options.ts'
import { createHandshake, type HandshakeState, type Input, step } from './state.ts'

const cookie = bytesFrom('the cookie')
const honest = converse(dialerConfig(), acceptorConfig()).sent
const probing = converse(dialerConfig({ cookieOnly: true, cookie }), acceptorConfig({ cookie })).sent

function bytes(message: Uint8Array | undefined): Input {
  return { kind: 'bytes', bytes: message as Uint8Array }
}

function firstOf(answer: Uint8Array | undefined): Uint8Array {
  return (answer as Uint8Array).slice(0, 2 + Buffer.from(answer as Uint8Array).readUInt16BE())
}

function restOf(answer: Uint8Array | undefined): Uint8Array {
  return (answer as Uint8Array).slice(firstOf(answer).length)
}

/** All that can happen to an end. The messages are good ones of the very conversation that the end is in. */
const words = {
  start: { kind: 'start' },
  'hello of a dialer': bytes(honest.dialer[0]),
  'hello of a probe': bytes(probing.dialer[0]),
  'hello of an acceptor': bytes(firstOf(honest.acceptor[0])),
  'proof of a dialer': bytes(honest.dialer[1]),
  'proof of an acceptor': bytes(restOf(honest.acceptor[0])),
  'cookie proof': bytes(probing.dialer[1]),
  ok: bytes(honest.acceptor[1]),
  refusal: bytes(frameMessage(encodeMessage({ kind: 'fail', reason: 'untrusted' }))),
  'verdict yes': { kind: 'verdict', accepted: true },
  'verdict no': { kind: 'verdict', accepted: false },
  expire: { kind: 'expire' },
  closed: { kind: 'closed' },
} as const satisfies Record<string, Input>

type Word = keyof typeof words

interface Row {
  readonly config: HandshakeConfig
  /** What leads to the phase. */
  readonly before: readonly Word[]
  /** What each word does there. */
  readonly does: Readonly<Record<Word, string>>
}

/** The words that are refused as out of turn in every phase, unless a row says otherwise. */
const outOfTurn = {
  start: 'E_HANDSHAKE_FAILED',
  'hello of a dialer': 'E_HANDSHAKE_FAILED',
  'hello of a probe': 'E_HANDSHAKE_FAILED',
  'hello of an acceptor': 'E_HANDSHAKE_FAILED',
  'proof of a dialer': 'E_HANDSHAKE_FAILED',
  'proof of an acceptor': 'E_HANDSHAKE_FAILED',
  'cookie proof': 'E_HANDSHAKE_FAILED',
  ok: 'E_HANDSHAKE_FAILED',
  'verdict yes': 'nothing',
  'verdict no': 'nothing',
  expire: 'E_HANDSHAKE_TIMEOUT',
  closed: 'E_HANDSHAKE_FAILED',
} as const

const dialer = dialerConfig()
const dialerAsks = dialerConfig({ asks: true })
const dialerOut = { ...outOfTurn, refusal: 'E_PEER_REFUSED' } as const
const toProof = ['start', 'hello of an acceptor'] as const
const toOk = [...toProof, 'proof of an acceptor'] as const

const acceptor = acceptorConfig({ cookie })
const acceptorAsks = acceptorConfig({ cookie, asks: true })
// An acceptor says why it refuses, wherever the other end is still there to hear it.
const told = Object.fromEntries(
  Object.entries(outOfTurn).map(([word, code]) => [word, code.startsWith('E_') ? `fail, ${code}` : code]),
) as Record<keyof typeof outOfTurn, string>
const acceptorOut = { ...told, refusal: 'fail, E_HANDSHAKE_FAILED', closed: 'E_HANDSHAKE_FAILED' } as const
const proved = 'ok, done -> done'

const over = Object.fromEntries(Object.keys(words).map(word => [word, 'nothing'])) as Record<Word, string>
// What comes behind the OK is not of the handshake.
const dialerDone = Object.fromEntries(
  Object.entries(words).map(([word, { kind }]) => [word, kind === 'bytes' ? 'rest' : 'nothing']),
) as Record<Word, string>
const afterDone = { ...outOfTurn, refusal: 'E_HANDSHAKE_FAILED', expire: 'nothing', closed: 'nothing' } as const

const rows: Record<string, Row> = {
  'a dialer, idle': {
    config: dialer,
    before: [],
    does: { ...dialerOut, start: 'hello -> awaitHello', refusal: 'E_HANDSHAKE_FAILED' },
  },
  'a dialer that awaits the hello': {
    config: dialer,
    before: ['start'],
    does: { ...dialerOut, 'hello of an acceptor': 'nothing -> awaitProof', 'hello of a probe': 'E_HANDSHAKE_FAILED' },
  },
  'a dialer that awaits the proof': {
    config: dialer,
    before: toProof,
    does: { ...dialerOut, 'proof of an acceptor': 'proof -> awaitOk' },
  },
  'a dialer that asks and awaits the proof': {
    config: dialerAsks,
    before: toProof,
    does: { ...dialerOut, 'proof of an acceptor': 'ask -> awaitVerdict' },
  },
  'a dialer that awaits the verdict': {
    config: dialerAsks,
    before: toOk,
    does: { ...dialerOut, 'verdict yes': 'proof -> awaitOk', 'verdict no': 'E_PEER_NOT_ALLOWED' },
  },
  'a dialer that awaits the ok': { config: dialer, before: toOk, does: { ...dialerOut, ok: 'done -> done' } },
  'a dialer that is done': {
    config: dialer,
    before: [...toOk, 'ok'],
    does: { ...dialerDone, start: 'E_HANDSHAKE_FAILED' },
  },
  'a dialer that has failed': { config: dialer, before: ['start', 'expire'], does: over },
  'a probe that awaits the proof': {
    config: dialerConfig({ cookieOnly: true, cookie }),
    before: toProof,
    // The acceptor signed what it said to a dialer with a key: the transcript is another one.
    does: dialerOut,
  },
  'an acceptor, idle': { config: acceptor, before: [], does: { ...acceptorOut, start: 'nothing -> awaitHello' } },
  'an acceptor that awaits the hello': {
    config: acceptor,
    before: ['start'],
    does: {
      ...acceptorOut,
      'hello of a dialer': 'hello, proof -> awaitProof',
      'hello of a probe': 'hello, proof -> awaitProof',
    },
  },
  'an acceptor that awaits the proof': {
    config: acceptor,
    before: ['start', 'hello of a dialer'],
    does: { ...acceptorOut, 'proof of a dialer': proved },
  },
  'an acceptor that awaits the cookie proof': {
    config: acceptor,
    before: ['start', 'hello of a probe'],
    does: { ...acceptorOut, 'cookie proof': proved },
  },
  'an acceptor that asks and awaits the proof': {
    config: acceptorAsks,
    before: ['start', 'hello of a dialer'],
    does: { ...acceptorOut, 'proof of a dialer': 'ask -> awaitVerdict' },
  },
  'an acceptor that asks and awaits the cookie proof': {
    config: acceptorAsks,
    before: ['start', 'hello of a probe'],
    does: { ...acceptorOut, 'cookie proof': 'ask -> awaitVerdict' },
  },
  'an acceptor that awaits the verdict': {
    config: acceptorAsks,
    before: ['start', 'hello of a dialer', 'proof of a dialer'],
    does: { ...acceptorOut, 'verdict yes': proved, 'verdict no': 'fail, E_PEER_NOT_ALLOWED' },
  },
  'an acceptor that is done': {
    config: acceptor,
    before: ['start', 'hello of a dialer', 'proof of a dialer'],
    does: afterDone,
  },
  'an acceptor that has failed': { config: acceptor, before: ['start', 'expire'], does: over },
}

const messageNames = [undefined, 'hello', 'proof', 'ok', 'fail', 'cookieProof']

/** What the end does, in words: the messages that it sends, its other effects, and its new phase unless it failed. */
function whatItDoes(state: HandshakeState, word: Word): string {
  const phase = state.phase
  const done: string[] = []
  for (const effect of step(state, words[word], now)) {
    if (effect.kind === 'send') done.push(...namesIn(effect.bytes))
    else done.push(effect.kind === 'failed' ? effect.code : effect.kind)
  }
  const moved = state.phase === phase || state.phase === 'failed' ? '' : ` -> ${state.phase}`
  return `${done.length === 0 ? 'nothing' : done.join(', ')}${moved}`
}

function namesIn(sent: Uint8Array): string[] {
  const names: string[] = []
  for (let at = 0; at < sent.length; at += 2 + Buffer.from(sent).readUInt16BE(at)) {
    names.push(messageNames[sent[at + 2] as number] as string)
  }
  return names
}

test.each(Object.entries(rows))('%s does with each word what the table says', (_, { config, before, does }) => {
  for (const word of Object.keys(words) as Word[]) {
    const state = createHandshake(config)
    for (const earlier of before) step(state, words[earlier], now)
    expect([word, whatItDoes(state, word)]).toEqual([word, does[word]])
    const isOver = does[word].includes('E_')
    expect(state.phase === 'failed').toBe(isOver || does === over)
    if (isOver) expect(step(state, words[word], now)).toEqual([])
  }
})

test('the table has a row for every phase of either role', () => {
  const phases = Object.values(rows).map(({ config, before }) => {
    const state = createHandshake(config)
    for (const word of before) step(state, words[word], now)
    return `${config.role} ${state.phase}`
  })
  const both = ['idle', 'awaitHello', 'awaitProof', 'awaitVerdict', 'done', 'failed']
  const all = [...both.flatMap(phase => [`dialer ${phase}`, `acceptor ${phase}`]), 'dialer awaitOk']
  expect([...new Set(phases)].sort()).toEqual(all.sort())
})
