/** Authentication over real QUIC: who is let in, who is not, and what both ends are told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '@barrel-actors/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AuthQuestion, Quic } from '../src/index.ts'
import { addressOf, echo, failureOf, logLines, startQuicNode as start, stopQuicNodes } from './quic-nodes.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barrel-auth-'))
})

afterEach(async () => {
  await stopQuicNodes()
  await rm(folder, { recursive: true })
})

const dataOf = (name: string) => ({ dataDir: join(folder, name) })
const cookie = 'a cookie that only the probes have'

test('the trust mode can be switched while the node runs, and the next handshakes obey', async () => {
  const b = await start('b@127.0.0.1', { authTrustMode: 'strict' })
  const [a, c] = [await start('a@127.0.0.1'), await start('c@127.0.0.1')]
  expect((await failureOf(a.connect(addressOf(b)))).fields).toMatchObject({ reason: 'untrusted' })
  b.extension(Quic).setTrustMode('tofu')
  expect(b.extension(Quic).trustMode).toBe('tofu')
  await a.connect(addressOf(b))
  b.extension(Quic).setTrustMode('strict')
  expect((await failureOf(c.connect(addressOf(b)))).fields).toMatchObject({ reason: 'untrusted' })
  // Who is pinned by then, and whose channel is up, is as before.
  expect(await echo(a, b, 'still here')).toBe('still here')
  a.disconnect(b.name)
  expect(await echo(a, b, 'and again')).toBe('and again')
})

test('in strict mode a key that an operator pins is let in', async () => {
  const [a, b] = [await start('a@127.0.0.1', { authTrustMode: 'strict' }), await start('b@127.0.0.1')]
  b.extension(Quic).setTrustMode('strict')
  await a.extension(Quic).trust.pin(b.name, b.extension(Quic).publicKey)
  expect((await failureOf(a.connect(addressOf(b)))).fields).toMatchObject({ reason: 'untrusted' })
  await b.extension(Quic).trust.pin(a.name, a.extension(Quic).publicKey)
  await a.connect(addressOf(b))
  expect(await echo(b, a, 1)).toBe(1)
})

describe.each(['tofu', 'strict'] as const)('in %s mode', mode => {
  test('a node that rotates its key is followed by a peer that pinned any of its keys', async () => {
    const log = logLines()
    const a = await start('a@127.0.0.1', {}, dataOf('a'))
    const b = await start('b@127.0.0.1', {}, { ...dataOf('b'), log })
    await b.connect(addressOf(a))
    b.extension(Quic).setTrustMode(mode)
    const before = a.extension(Quic).fingerprint
    await a.extension(Quic).rotateIdentity()
    // A channel that is up stays up.
    expect(await echo(b, a, 'meanwhile')).toBe('meanwhile')
    const { fingerprint } = await a.extension(Quic).rotateIdentity()
    expect(a.extension(Quic).fingerprint).toBe(fingerprint)
    b.disconnect(a.name)
    expect(await echo(b, a, 'anew')).toBe('anew')
    expect(b.extension(Quic).trust.list()).toMatchObject([{ node: a.name, fingerprint, pinnedBy: 'succession' }])
    expect(log.of('peer has a new key, which its old one signed')).toEqual([
      { node: a.name, from: before, to: fingerprint },
    ])
    // The same key and the same chain after a restart, for a peer that restarts too.
    await Promise.all([a.stop(), b.stop()])
    const again = await start('a@127.0.0.1', {}, dataOf('a'))
    const peer = await start('b@127.0.0.1', { authTrustMode: mode }, dataOf('b'))
    await peer.connect(addressOf(again))
    expect(again.extension(Quic).fingerprint).toBe(fingerprint)
  })

  test('a name with another key that no pinned one signed is refused, and both ends say so', async () => {
    const b = await start('b@127.0.0.1')
    const before = await start('a@127.0.0.1')
    await b.connect(addressOf(before))
    await before.stop()
    b.extension(Quic).setTrustMode(mode)
    const other = await start('a@127.0.0.1')
    // It has rotated too: a chain, but one that comes from nowhere.
    await other.extension(Quic).rotateIdentity()
    expect((await failureOf(b.connect(addressOf(other)))).code).toBe('E_PEER_KEY_CHANGED')
    const refused = await failureOf(other.connect(addressOf(b)))
    expect([refused.code, refused.fields]).toMatchObject(['E_PEER_REFUSED', { reason: 'key-changed' }])
  })

  test('a revoked key loses its channel and is refused, and both ends say so', async () => {
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', {}, dataOf('b'))]
    await a.connect(addressOf(b))
    b.extension(Quic).setTrustMode(mode)
    const ref = b.monitor({ name: 'echo', node: a.name })
    await echo(b, a, 'the monitor stands')
    await b.extension(Quic).trust.revoke(a.name)
    expect(await b.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
    const refused = await failureOf(a.connect(b.name))
    expect([refused.code, refused.fields]).toMatchObject(['E_PEER_REFUSED', { reason: 'key-revoked' }])
    expect((await failureOf(b.connect(addressOf(a)))).code).toBe('E_PEER_KEY_REVOKED')
    // The key that it signs is as little good as itself.
    await a.extension(Quic).rotateIdentity()
    expect((await failureOf(b.connect(addressOf(a)))).code).toBe('E_PEER_KEY_CHANGED')
    await b.stop()
    const again = await start('b@127.0.0.1', { authTrustMode: mode }, dataOf('b'))
    expect((await failureOf(again.connect(addressOf(a)))).code).toBe('E_PEER_KEY_CHANGED')
  })
})

test('a revoked key loses the channel of a tool too, whose key is pinned nowhere', async () => {
  const [tool, b] = [await start('tool@127.0.0.1', { hidden: true }), await start('b@127.0.0.1')]
  await tool.connect(addressOf(b))
  const ref = tool.monitor({ name: 'echo', node: b.name })
  await echo(tool, b, 'the monitor stands')
  await b.extension(Quic).trust.revoke(tool.extension(Quic).fingerprint)
  expect(await tool.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  expect((await failureOf(tool.connect(b.name))).fields).toMatchObject({ reason: 'key-revoked' })
})

test('nobody takes the channel of a live tool by its name, and it may come again itself', async () => {
  const b = await start('b@127.0.0.1')
  const data = dataOf('tool')
  const tool = await start('tool@127.0.0.1', { hidden: true }, data)
  await tool.connect(addressOf(b))
  const stranger = await start('tool@127.0.0.1', { hidden: true })
  const refused = await failureOf(stranger.connect(addressOf(b)))
  expect(refused.fields).toMatchObject({ reason: 'name-taken' })
  expect(await echo(tool, b, 'still mine')).toBe('still mine')
  expect(await echo(b, tool, 'and here')).toBe('and here')
  // Its own key may come again, in a later life.
  await tool.stop()
  const again = await start('tool@127.0.0.1', { hidden: true }, data)
  await again.connect(addressOf(b))
  expect(await echo(again, b, 'me again')).toBe('me again')
})

test('a name that is forgotten may come with another key', async () => {
  const b = await start('b@127.0.0.1')
  const before = await start('a@127.0.0.1')
  await b.connect(addressOf(before))
  await before.stop()
  const after = await start('a@127.0.0.1')
  await b.extension(Quic).trust.forget(after.name)
  await b.connect(addressOf(after))
  expect(b.extension(Quic).trust.find(after.extension(Quic).fingerprint)).toEqual([after.name])
})

test('every accepted key leaves a line in the log of either end', async () => {
  const [ofA, ofB] = [logLines(), logLines()]
  const a = await start('a@127.0.0.1', {}, { log: ofA })
  const b = await start('b@127.0.0.1', {}, { log: ofB })
  await a.connect(addressOf(b))
  const line = (node: typeof a, dialed: boolean) => ({
    node: node.name,
    role: 'node',
    fingerprint: node.extension(Quic).fingerprint,
    address: '127.0.0.1',
    port: node.extension(Quic).address.port,
    dialed,
  })
  expect([ofA.of('peer accepted'), ofB.of('peer accepted')]).toEqual([[line(b, true)], [line(a, false)]])
})

describe('authCallback', () => {
  test('is asked about a peer that has proved itself, by either end, and lets it in', async () => {
    const asked: AuthQuestion[] = []
    const authCallback = async (question: AuthQuestion) => asked.push(question) > 0
    const [a, b] = [await start('a@127.0.0.1', { authCallback }), await start('b@127.0.0.1', { authCallback })]
    await a.connect(addressOf(b))
    expect(await echo(a, b, 1)).toBe(1)
    const question = (node: typeof a, dialed: boolean) => ({
      name: node.name,
      publicKey: expect.any(Uint8Array),
      fingerprint: node.extension(Quic).fingerprint,
      hidden: false,
      role: 'node',
      dialed,
      address: { host: '127.0.0.1', port: node.extension(Quic).address.port },
    })
    expect(asked).toEqual([question(b, true), question(a, false)])
  })

  test.each([
    ['answers false', async () => false],
    ['answers nothing', async () => undefined as unknown as boolean],
    ['throws', async () => Promise.reject(new Error('the directory is down'))],
  ])('that %s keeps the peer out, and both ends say so', async (_, authCallback) => {
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', { authCallback })]
    const refused = await failureOf(a.connect(addressOf(b)))
    expect([refused.code, refused.fields]).toMatchObject(['E_PEER_REFUSED', { reason: 'not-allowed' }])
    expect((await failureOf(b.connect(addressOf(a)))).code).toBe('E_PEER_NOT_ALLOWED')
    expect(b.extension(Quic).trust.list()).toEqual([])
  })

  test('that never answers is cut off by the deadline of the handshake', async () => {
    const authCallback = () => new Promise<boolean>(() => {})
    const [a, b] = [
      await start('a@127.0.0.1'),
      await start('b@127.0.0.1', { authCallback, authHandshakeTimeoutMs: 300 }),
    ]
    const refused = await failureOf(a.connect(addressOf(b)))
    expect([refused.code, refused.fields]).toMatchObject(['E_PEER_REFUSED', { reason: 'timeout' }])
    expect((await failureOf(b.connect(addressOf(a)))).code).toBe('E_HANDSHAKE_TIMEOUT')
  })

  test('is not asked where authentication is off', async () => {
    const authCallback = async () => false
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', { authCallback, authEnabled: false })]
    await a.connect(addressOf(b))
    expect(await echo(a, b, 1)).toBe(1)
  })
})

test('without authentication a name may come with any key, nothing is pinned, and the start warns', async () => {
  const log = logLines()
  const b = await start('b@127.0.0.1', { authEnabled: false, authTrustMode: 'strict' }, { log })
  for (let round = 0; round < 2; round++) {
    const a = await start('a@127.0.0.1')
    await a.connect(addressOf(b))
    expect(await echo(a, b, round)).toBe(round)
    await a.stop()
  }
  expect(b.extension(Quic).trust.list()).toEqual([])
  expect(log.lines.filter(line => line.event.startsWith('authentication is off'))).toMatchObject([{ level: 'warn' }])
})

describe('a probe', () => {
  const cookieOnlyNodes = ['probe@*']

  test('comes in with the cookie, hidden and unpinned, and the first one is warned of', async () => {
    const log = logLines()
    const b = await start('b@127.0.0.1', { cookieOnlyNodes, cookie, authTrustMode: 'strict' }, { log })
    for (let round = 0; round < 2; round++) {
      const probe = await start('probe@127.0.0.1', { cookieOnly: true, cookie })
      await probe.connect(addressOf(b))
      expect(await echo(probe, b, 'ping')).toBe('ping')
      expect(b.nodes()).toEqual([])
      await probe.stop()
    }
    expect(b.extension(Quic).trust.list()).toEqual([])
    expect(log.of('peer accepted')).toMatchObject([{ role: 'probe' }, { role: 'probe' }])
    expect(log.lines.filter(line => line.event.startsWith('a probe came in'))).toHaveLength(1)
  })

  test('with another cookie or name, at a node without a cookie, or with a pinned name is refused', async () => {
    const b = await start('b@127.0.0.1', { cookieOnlyNodes, cookie })
    const attempts = [
      await start('probe@127.0.0.1', { cookieOnly: true, cookie: `${cookie}!` }),
      await start('other@127.0.0.1', { cookieOnly: true, cookie }),
    ]
    for (const probe of attempts) {
      const refused = await failureOf(probe.connect(addressOf(b)))
      expect([refused.code, refused.fields]).toMatchObject(['E_PEER_REFUSED', { reason: 'cookie-only-refused' }])
    }
    const c = await start('c@127.0.0.1')
    expect((await failureOf(attempts[0]?.connect(addressOf(c)) as Promise<unknown>)).code).toBe('E_PEER_REFUSED')
    await stopQuicNodes()
    const strict = await start('b@127.0.0.1', { cookieOnlyNodes, cookie })
    const honest = await start('probe@127.0.0.1')
    await honest.connect(addressOf(strict))
    await honest.stop()
    const thief = await start('probe@127.0.0.1', { cookieOnly: true, cookie })
    expect((await failureOf(thief.connect(addressOf(strict)))).code).toBe('E_PEER_REFUSED')
  })
})

test('a probe does not take the place of a tool that is connected under its name', async () => {
  const b = await start('b@127.0.0.1', { cookieOnlyNodes: ['*@*'], cookie })
  const tool = await start('tool@127.0.0.1', { hidden: true })
  await tool.connect(addressOf(b))
  await echo(tool, b, 'up')
  const probe = await start('tool@127.0.0.1', { cookieOnly: true, cookie })
  probe.addAddress(addressOf(b))
  expect((await failureOf(echo(probe, b, 'mine'))).message).toContain('name-taken')
  expect(await echo(b, tool, 'still the tool')).toBe('still the tool')
})

test('a clock step of an hour in the middle of a handshake neither fails it nor keeps it from its deadline', async () => {
  let stepMs = 0
  const clock: Clock = { ...systemClock, wall: () => systemClock.wall() + stepMs }
  for (const jump of [3_600_000, -3_600_000]) {
    stepMs = 0
    const authCallback = async () => {
      stepMs = jump
      return true
    }
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', { authCallback }, { clock })]
    await a.connect(addressOf(b))
    expect([stepMs, await echo(a, b, jump)]).toEqual([jump, jump])
    // The next one begins with the clocks an hour apart.
    a.disconnect(b.name)
    expect((await failureOf(a.connect(addressOf(b)))).fields).toMatchObject({ reason: 'clock-skew' })
    await stopQuicNodes()

    stepMs = 0
    const stuck = () => {
      stepMs = jump
      return new Promise<boolean>(() => {})
    }
    const late = { authCallback: stuck, authHandshakeTimeoutMs: 300 }
    const [c, d] = [await start('c@127.0.0.1'), await start('d@127.0.0.1', late, { clock })]
    expect((await failureOf(c.connect(addressOf(d)))).fields).toMatchObject({ reason: 'timeout' })
    await stopQuicNodes()
  }
})
