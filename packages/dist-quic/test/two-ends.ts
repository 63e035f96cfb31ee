/** Two ends of a handshake for tests, and the stream between them, which a test may tamper with. */
import { createHash } from 'node:crypto'
import type { Clock, Entropy } from '@barrel-actors/runtime'
import type { HandshakeConfig } from '../src/handshake/options.ts'
import { createHandshake, type Effect, type HandshakeState, step } from '../src/handshake/state.ts'
import { type KeyPair, loadOrCreateKeys } from '../src/identity/keys.ts'
import { memoryDisk } from './memory-disk.ts'

export const now = 1_800_000_000_000

/** Bytes that depend on the label alone. */
export function bytesFrom(label: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(label).digest())
}

export function keysFrom(label: string): Promise<KeyPair> {
  const entropy: Entropy = { bytes: () => bytesFrom(label) }
  return loadOrCreateKeys(memoryDisk(), entropy, undefined)
}

/** A clock that stands still. */
export function clockAt(wallMs: number): Clock {
  return { now: () => 0, wall: () => wallMs, setTimer: () => ({ cancel() {}, keepAlive() {} }) }
}

const aKeys = await keysFrom('a')
const bKeys = await keysFrom('b')

type Changes = Partial<Omit<HandshakeConfig, 'role'>>

/** a@host, which dials b@host. */
export function dialerConfig(changes: Changes & { dialed?: string; cookieOnly?: boolean } = {}): HandshakeConfig {
  return {
    role: 'dialer',
    dialed: 'b@host',
    cookieOnly: false,
    self: { name: 'a@host', creation: 7 },
    hidden: false,
    keys: aKeys,
    nonce: bytesFrom('nonce of a'),
    ownCertificateHash: bytesFrom('certificate of a'),
    peerCertificateHash: bytesFrom('certificate of b'),
    timestampWindowMs: 30_000,
    succession: [],
    memberCertificate: new Uint8Array(0),
    cluster: undefined,
    cookie: undefined,
    asks: false,
    trust: () => 'accept',
    ...changes,
  }
}

/** b@host, which is dialed. */
export function acceptorConfig(changes: Changes = {}): HandshakeConfig {
  return {
    role: 'acceptor',
    self: { name: 'b@host', creation: 9 },
    hidden: true,
    keys: bKeys,
    nonce: bytesFrom('nonce of b'),
    ownCertificateHash: bytesFrom('certificate of b'),
    peerCertificateHash: bytesFrom('certificate of a'),
    timestampWindowMs: 30_000,
    succession: [],
    memberCertificate: new Uint8Array(0),
    cluster: undefined,
    cookie: undefined,
    asks: false,
    trust: () => 'accept',
    ...changes,
  }
}

/** One end, with all that it said to do. */
export interface End {
  readonly state: HandshakeState
  readonly effects: Effect[]
}

export type Side = 'dialer' | 'acceptor'

export interface Conversation {
  readonly dialer: End
  readonly acceptor: End
  /** What each end sent, one entry a send. */
  readonly sent: Record<Side, Uint8Array[]>
}

/** What becomes of the bytes of one end on their way: the pieces that arrive. */
export type Wire = (from: Side, bytes: Uint8Array, index: number) => Uint8Array[]

/** Lets two ends talk until both are silent, then lets the deadline pass. */
export function converse(
  dialerEnd: HandshakeConfig,
  acceptorEnd: HandshakeConfig,
  wire: Wire = (_, bytes) => [bytes],
  acceptorNow: number = now,
): Conversation {
  const conversation: Conversation = {
    dialer: { state: createHandshake(dialerEnd), effects: [] },
    acceptor: { state: createHandshake(acceptorEnd), effects: [] },
    sent: { dialer: [], acceptor: [] },
  }
  const waiting: { to: Side; bytes: Uint8Array }[] = []
  const take = (side: Side, input: Parameters<typeof step>[1]): void => {
    const effects = step(conversation[side].state, input, side === 'dialer' ? now : acceptorNow)
    conversation[side].effects.push(...effects)
    for (const effect of effects) {
      if (effect.kind !== 'send') continue
      const index = conversation.sent[side].push(effect.bytes) - 1
      const to = side === 'dialer' ? 'acceptor' : 'dialer'
      waiting.push(...wire(side, effect.bytes, index).map(bytes => ({ to, bytes }) as const))
    }
  }
  take('acceptor', { kind: 'start' })
  take('dialer', { kind: 'start' })
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    take(next.to, { kind: 'bytes', bytes: next.bytes })
  }
  take('dialer', { kind: 'expire' })
  take('acceptor', { kind: 'expire' })
  return conversation
}

/** How it ended: `done`, or the code of the failure. */
export function outcomeOf(end: End): string {
  const last = end.effects.findLast(effect => effect.kind !== 'send')
  if (last === undefined) return 'nothing'
  return last.kind === 'failed' ? last.code : last.kind
}

export function isDone(end: End): boolean {
  return end.effects.some(effect => effect.kind === 'done')
}
