import { type Log, type LogFields, silentLog } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryDisk } from '../../test/memory-disk.ts'
import { clockAt, keysFrom, now } from '../../test/two-ends.ts'
import type { TrustAnswer } from '../handshake/options.ts'
import type { HandshakeResult } from '../handshake/state.ts'
import { limits } from '../limits.ts'
import { readCookieOnly } from './cookie-only.ts'
import type { KeyPair } from './keys.ts'
import { type Succession, succeed } from './succession.ts'
import { TrustPolicy, type TrustPolicyOptions } from './trust-policy.ts'
import { openTrustStore } from './trust-store.ts'

const node = 'a@host'
const [one, two, three, other] = (await Promise.all(['1', '2', '3', 'other'].map(keysFrom))) as [
  KeyPair,
  KeyPair,
  KeyPair,
  KeyPair,
]
const toTwo = succeed(node, [], one, two.publicKey)
const toThree = succeed(node, toTwo, two, three.publicKey)

async function policyWith(options: Partial<TrustPolicyOptions> = {}) {
  const lines: [string, LogFields | undefined][] = []
  const log: Log = { ...silentLog, warn: (event, fields) => void lines.push([event, fields]) }
  const disk = memoryDisk()
  const open = () => openTrustStore(disk, clockAt(now), 'keys')
  const given = {
    mode: 'tofu',
    authEnabled: true,
    cookieOnly: undefined,
    onKeyChange: 'certificate',
    log,
    ...options,
  } as const
  const policy = new TrustPolicy(await open(), given)
  return { policy, lines, disk, open }
}

function ask(
  policy: TrustPolicy,
  keys: KeyPair,
  succession: Succession = [],
  hidden = false,
  name = node,
  certifiedMs?: number,
): TrustAnswer {
  return policy.answer({ node: name, publicKey: keys.publicKey, hidden, succession, certifiedMs })
}

function resultFor(
  keys: KeyPair,
  succession: Succession = [],
  role: 'node' | 'tool' = 'node',
  certifiedMs?: number,
): HandshakeResult {
  const { publicKey, fingerprint } = keys
  const peer = { name: node, creation: 1 }
  return { peer, role, hidden: role === 'tool', publicKey, fingerprint, succession, certifiedMs }
}

test('the mode can be changed, and the next question obeys it', async () => {
  const { policy, lines } = await policyWith()
  expect(ask(policy, one)).toBe('accept')
  policy.setMode('strict')
  expect([policy.mode, ask(policy, one)]).toEqual(['strict', 'untrusted'])
  policy.setMode('tofu')
  expect(ask(policy, one)).toBe('accept')
  expect(lines.map(([event]) => event)).toEqual(['trust mode changed', 'trust mode changed'])
  expect(() => policy.setMode('open' as 'tofu')).toThrow(expect.objectContaining({ code: 'E_QUIC_OPTION_INVALID' }))
  expect(policy.mode).toBe('tofu')
})

test('a node is pinned in tofu mode, and in no other case', async () => {
  const { policy } = await policyWith()
  await policy.keep(resultFor(one, [], 'tool'))
  policy.setMode('strict')
  await policy.keep(resultFor(one))
  expect(policy.store.list()).toEqual([])
  policy.setMode('tofu')
  await policy.keep(resultFor(one))
  expect(policy.store.list()).toMatchObject([{ node, fingerprint: one.fingerprint, pinnedBy: 'first-use' }])
})

test.each(['tofu', 'strict'] as const)('a pinned name with another key is refused in %s mode', async mode => {
  const { policy } = await policyWith({ mode })
  await policy.store.replace(node, one.publicKey, 'operator')
  expect([ask(policy, one), ask(policy, two), ask(policy, two, [], true)]).toEqual(['accept', 'changed', 'changed'])
  await expect(policy.keep(resultFor(two))).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
  expect(ask(policy, one)).toBe('accept')
})

test.each(['tofu', 'strict'] as const)(
  'in %s mode a key that a pinned one signed is accepted and pinned',
  async mode => {
    const { policy, lines, open } = await policyWith({ mode })
    await policy.store.replace(node, one.publicKey, 'operator')
    expect(ask(policy, three, toThree)).toBe('accept')
    await policy.keep(resultFor(three, toThree))
    // What an operator has pinned stays an operator's pin.
    expect(policy.store.list()).toMatchObject([{ fingerprint: three.fingerprint, pinnedBy: 'operator' }])
    expect(lines).toEqual([
      ['peer has a new key, which its old one signed', { node, from: one.fingerprint, to: three.fingerprint }],
    ])
    // From then on the old one is as good as any other key.
    for (const store of [policy.store, await open()]) expect(store.check(node, one.publicKey)).toBe('changed')
    expect(ask(policy, one)).toBe('changed')
  },
)

test('a chain is believed from any of its keys, and from no other', async () => {
  const { policy } = await policyWith()
  await policy.store.pin(node, two.publicKey)
  expect(ask(policy, three, toThree)).toBe('accept')
  await policy.store.replace(node, other.publicKey, 'operator')
  expect(ask(policy, three, toThree)).toBe('changed')
})

test('a chain that is forged, of another node, or turned back is not believed', async () => {
  const { policy, lines } = await policyWith()
  await policy.store.pin(node, one.publicKey)
  const forged = toTwo.map(statement => ({ ...statement, signature: other.sign(Buffer.from('x')) }))
  const ofAnother = succeed('b@host', [], one, two.publicKey)
  for (const chain of [forged, ofAnother, []]) expect(ask(policy, two, chain)).toBe('changed')
  expect(ask(policy, other, toTwo)).toBe('changed')
  expect(lines.map(([event]) => event)).toEqual(Array(3).fill('succession of keys not believed'))
  await policy.store.replace(node, two.publicKey, 'operator')
  expect(ask(policy, one, succeed(node, toTwo, other, one.publicKey))).toBe('changed')
})

test('what is kept is checked again: a result that trust never accepted pins nothing', async () => {
  const { policy } = await policyWith()
  await policy.store.pin(node, one.publicKey)
  await expect(policy.keep(resultFor(other, toTwo))).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
  expect(ask(policy, one)).toBe('accept')
})

test('a revoked key is refused in both modes, pinned or not, and by name or fingerprint', async () => {
  for (const mode of ['tofu', 'strict'] as const) {
    for (const by of [node, one.fingerprint, one.fingerprint.replaceAll(':', '').toUpperCase()]) {
      const { policy } = await policyWith({ mode })
      await policy.store.replace(node, one.publicKey, 'operator')
      await policy.store.revoke(by)
      expect([ask(policy, one), ask(policy, one, [], true, 'tool@host')]).toEqual(['revoked', 'revoked'])
      expect(ask(policy, two)).toBe('changed')
    }
  }
})

test('a revoked key breaks the chain where it is needed, and only there', async () => {
  const { policy } = await policyWith()
  await policy.store.pin(node, two.publicKey)
  await policy.store.revoke(one.fingerprint)
  expect(ask(policy, three, toThree)).toBe('accept')
  await policy.store.revoke(two.fingerprint)
  expect(ask(policy, three, toThree)).toBe('changed')
  const fresh = await policyWith()
  await fresh.policy.store.pin(node, one.publicKey)
  expect(ask(fresh.policy, three, toThree)).toBe('accept')
  await fresh.policy.store.revoke(two.fingerprint)
  expect(ask(fresh.policy, three, toThree)).toBe('changed')
  await expect(fresh.policy.keep(resultFor(three, toThree))).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
})

test('without authentication any key may have any name, nothing is pinned, and a revoked key stays out', async () => {
  const { policy, disk } = await policyWith({ authEnabled: false, mode: 'strict' })
  await policy.store.pin(node, one.publicKey)
  expect([ask(policy, one), ask(policy, two)]).toEqual(['accept', 'accept'])
  const writes = disk.written.length
  await policy.keep(resultFor(two))
  expect([disk.written.length, policy.store.check(node, one.publicKey)]).toEqual([writes, 'pinned'])
  await policy.store.revoke(two.fingerprint)
  expect(ask(policy, two)).toBe('revoked')
})

test('in strict mode a tool may come with a key that is pinned under any name', async () => {
  const { policy } = await policyWith({ mode: 'strict' })
  await policy.store.replace('operator@host', one.publicKey, 'operator')
  expect(ask(policy, one, [], true, 'tool-1@host')).toBe('accept')
  expect(ask(policy, one, [], false, 'tool-1@host')).toBe('untrusted')
  expect(ask(policy, two, [], true, 'tool-1@host')).toBe('untrusted')
})

test('a probe may have a listed name that is not pinned, and the first one is warned of', async () => {
  const cookieOnly = readCookieOnly('a cookie for the probes', ['probe@*', '*@lab'])
  const { policy, lines } = await policyWith({ cookieOnly, mode: 'strict' })
  const probe = (name: string) =>
    policy.answer({ node: name, publicKey: undefined, hidden: true, succession: [], certifiedMs: undefined })
  expect(['probe@x', 'x@lab', 'x@y', 'probe1@x'].map(probe)).toEqual(['accept', 'accept', 'unlisted', 'unlisted'])
  await policy.store.replace('probe@x', one.publicKey, 'operator')
  expect(probe('probe@x')).toBe('unlisted')
  const result = { peer: { name: 'x@lab', creation: 1 }, role: 'probe', hidden: true, succession: [] } as const
  for (let round = 0; round < 3; round++) {
    await policy.keep({ ...result, publicKey: undefined, fingerprint: undefined, certifiedMs: undefined })
  }
  expect(lines.filter(([event]) => event.startsWith('a probe came in'))).toHaveLength(1)
  expect(policy.store.keyOf('x@lab')).toBeUndefined()
})

test('a key that an operator pins while a successor is being kept stays', async () => {
  const { policy } = await policyWith()
  await policy.store.pin(node, one.publicKey)
  const pinning = policy.store.replace(node, other.publicKey, 'operator')
  await expect(policy.keep(resultFor(two, toTwo))).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
  await pinning
  expect(policy.store.list()).toMatchObject([{ fingerprint: other.fingerprint, pinnedBy: 'operator' }])
})

test('the part of a chain that was verified says nothing of the part before it', async () => {
  const { policy } = await policyWith()
  const [first, second] = toThree as [Succession[0], Succession[0]]
  const halfForged = [{ ...first, signature: other.sign(Buffer.from('x')) }, second]
  await policy.store.pin(node, two.publicKey)
  expect([ask(policy, three, halfForged), ask(policy, three, halfForged)]).toEqual(['accept', 'accept'])
  await policy.store.replace(node, one.publicKey, 'operator')
  expect(ask(policy, three, halfForged)).toBe('changed')
})

test('a mode that is the one already leaves no line in the log', async () => {
  const { policy, lines } = await policyWith()
  policy.setMode('tofu')
  expect(lines).toEqual([])
})

test('a younger member certificate gives a pinned name another key, and an older one does not', async () => {
  const { policy, lines, open } = await policyWith()
  await policy.keep(resultFor(one, [], 'node', 2_000))
  expect(ask(policy, two, [], false, node, 2_000)).toBe('changed')
  expect(ask(policy, two, [], false, node, 1_999)).toBe('changed')
  expect(ask(policy, two)).toBe('changed')
  expect(ask(policy, two, [], false, node, 2_001)).toBe('accept')
  await policy.keep(resultFor(two, [], 'node', 2_001))
  expect(lines).toContainEqual([
    'peer has a new key, and a younger member certificate for it',
    { node, from: one.fingerprint, to: two.fingerprint },
  ])
  // A thief of the old key has its old certificate only, also after a restart.
  expect(ask(policy, one, [], false, node, 2_000)).toBe('changed')
  const [pin] = (await open()).list()
  expect(pin).toMatchObject({ fingerprint: two.fingerprint, pinnedBy: 'certificate', certifiedAt: iso(2_001) })
})

test('a certificate gives no name whose key is revoked, or was pinned by an operator, or where onKeyChange refuses', async () => {
  const { policy } = await policyWith()
  await policy.keep(resultFor(one, [], 'node', 1_000))
  await policy.store.revoke(one.fingerprint)
  expect(ask(policy, two, [], false, node, 2_000)).toBe('changed')

  const pinnedByHand = (await policyWith()).policy
  await pinnedByHand.store.replace(node, one.publicKey, 'operator')
  expect(ask(pinnedByHand, two, [], false, node, 2_000)).toBe('changed')

  // Also after the pinned key has signed its successor; and never to a tool.
  await pinnedByHand.keep(resultFor(two, toTwo))
  expect(ask(pinnedByHand, three, [], false, node, 2_000)).toBe('changed')
  const ofNode = (await policyWith()).policy
  await ofNode.keep(resultFor(one, [], 'node', 1_000))
  expect(ask(ofNode, two, [], true, node, 2_000)).toBe('changed')

  const refusing = (await policyWith({ onKeyChange: 'refuse' })).policy
  await refusing.keep(resultFor(one, [], 'node', 1_000))
  expect(ask(refusing, two, [], false, node, 2_000)).toBe('changed')
  await expect(refusing.keep(resultFor(two, [], 'node', 2_000))).rejects.toThrow(
    expect.objectContaining({ code: 'E_PEER_KEY_CHANGED' }),
  )
})

test('a full store shuts out strangers, and no node with a certificate', async () => {
  const { policy } = await policyWith()
  for (let count = 0; count < limits.pinsMax; count++) await policy.store.pin(`n${count}@h`, one.publicKey)
  await expect(policy.keep(resultFor(two))).rejects.toThrow(expect.objectContaining({ code: 'E_TRUST_STORE_FULL' }))
  await policy.keep(resultFor(two, [], 'node', 1_000))
  expect(policy.store.keyOf(node)).toBeUndefined()
})

const iso = (ms: number) => new Date(ms).toISOString()
