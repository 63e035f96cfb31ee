/** A cluster key over real QUIC: who has a certificate is let in, and nobody else. */
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { newClusterKey, publicKeyText, readClusterKey } from '../src/identity/cluster-files.ts'
import { Quic } from '../src/index.ts'
import { memoryDisk } from './memory-disk.ts'
import { addressOf, echo, failureOf, logLines, startQuicNode as start, stopQuicNodes } from './quic-nodes.ts'

afterEach(() => stopQuicNodes())

const clusterKey = Buffer.from(newClusterKey(systemEntropy))
const otherKey = Buffer.from(newClusterKey(systemEntropy))
const publicHalf = async (key: Uint8Array) => publicKeyText((await readClusterKey(memoryDisk(), key)).publicKey)

test('nodes with the cluster key that never met reach each other, tools too', async () => {
  const [a, b] = [await start('a@127.0.0.1', { clusterKey }), await start('b@127.0.0.1', { clusterKey })]
  const tool = await start('t@127.0.0.1', { clusterKey, hidden: true })
  await a.connect(addressOf(b))
  await tool.connect(addressOf(b))
  expect(await echo(a, b, 'certified')).toBe('certified')
  expect(await echo(tool, b, 'hidden')).toBe('hidden')
})

test('a node without the key, and one of another cluster, are refused at both ends, and nothing is kept of them', async () => {
  const log = logLines()
  const a = await start('a@127.0.0.1', { clusterKey }, { log })
  for (const [name, options, reason, problem, dialed] of [
    ['stranger@127.0.0.1', {}, 'no-certificate', 'it shows none', 'E_PEER_CERTIFICATE_INVALID'],
    ['other@127.0.0.1', { clusterKey: otherKey }, 'other-cluster', 'it is of another cluster', 'E_PEER_REFUSED'],
  ] as const) {
    const stranger = await start(name, options)
    const refused = await failureOf(stranger.connect(addressOf(a)))
    expect([refused.code, refused.fields]).toEqual(['E_PEER_REFUSED', expect.objectContaining({ reason })])
    // Lines come once a second.
    const told = () => log.of('handshake failed').at(-1)
    const line = { code: 'E_PEER_CERTIFICATE_INVALID', node: name, problem }
    await expect.poll(told, { timeout: 5_000 }).toMatchObject(line)
    // Nor does a node of the cluster prove itself to one that it dials.
    expect((await failureOf(a.connect(addressOf(stranger)))).code).toBe(dialed)
  }
  expect([a.nodes(), a.extension(Quic).trust.list()]).toEqual([[], []])
})

test('while a cluster key is replaced, nodes that accept both reach nodes of either', async () => {
  const both = { clusterKeys: [await publicHalf(clusterKey), await publicHalf(otherKey)] }
  const [old, young] = [
    await start('a@127.0.0.1', { clusterKey, ...both }),
    await start('b@127.0.0.1', { clusterKey: otherKey, ...both }),
  ]
  await old.connect(addressOf(young))
  expect(await echo(young, old, 'both')).toBe('both')
})

test('a node that lost its folder comes back under its name with another key', async () => {
  const log = logLines()
  const a = await start('a@127.0.0.1', { clusterKey }, { log })
  const first = await start('b@127.0.0.1', { clusterKey })
  await first.connect(addressOf(a))
  const before = first.extension(Quic).fingerprint
  await first.stop()
  const again = await start('b@127.0.0.1', { clusterKey })
  await again.connect(addressOf(a))
  const to = again.extension(Quic).fingerprint
  expect(log.of('peer has a new key, and a younger member certificate for it')).toEqual([
    { node: 'b@127.0.0.1', from: before, to },
  ])
  expect(await echo(a, again, 'back')).toBe('back')
})

test('a node whose address others reach does not start where it would believe anybody', async () => {
  const open = { address: '0.0.0.0' }
  for (const options of [
    open,
    { ...open, authEnabled: false },
    { ...open, authEnabled: false, authTrustMode: 'strict' },
  ]) {
    expect((await failureOf(start('a@127.0.0.1', options as object))).code).toBe('E_CLUSTER_OPEN')
  }
  await start('a@127.0.0.1', { ...open, clusterKey })
  await start('b@127.0.0.1', { ...open, openToStrangers: true })
  const strict = await start('c@127.0.0.1', { ...open, authTrustMode: 'strict' })
  expect(() => strict.extension(Quic).setTrustMode('tofu')).toThrow(expect.objectContaining({ code: 'E_CLUSTER_OPEN' }))
  expect(strict.extension(Quic).trustMode).toBe('strict')
})

test('a name on a loopback address listens there, and any other name on every address', async () => {
  const at = async (name: string) => {
    const node = await start(name, { address: undefined, clusterKey } as object)
    return node.extension(Quic).address.host
  }
  expect([await at('a@127.0.0.1'), await at('b@localhost'), await at('c@127.0.0.2')]).toEqual([
    '127.0.0.1',
    '127.0.0.1',
    '127.0.0.2',
  ])
  expect(await at('d@example.com')).toBe('0.0.0.0')
})

test('a node whose certificate was signed elsewhere does not rotate its key', async () => {
  const { signMember } = await import('../src/identity/member-certificate.ts')
  const { certificateText } = await import('../src/identity/cluster-files.ts')
  const { keyPairOf } = await import('../src/identity/keys.ts')
  const signer = await readClusterKey(memoryDisk(), clusterKey)
  const seed = systemEntropy.bytes(32)
  const disk = memoryDisk()
  await disk.replace('keys/node.key', seed)
  const { publicKey } = keyPairOf(seed)
  const time = { notBefore: 0, notAfter: 4_000_000_000_000 }
  const bytes = signMember(signer, { node: 'a@127.0.0.1', publicKey, role: 'node', serial: 1, ...time })
  const certified = { clusterCertificate: Buffer.from(certificateText(bytes)), clusterKeys: [signer.publicKey] }
  await disk.replace('keys/node.pub', publicKey)
  const a = await start('a@127.0.0.1', { ...certified, authKeyDir: 'keys' }, { disk })
  const b = await start('b@127.0.0.1', { clusterKey })
  await a.connect(addressOf(b))
  const refused = await failureOf(a.extension(Quic).rotateIdentity())
  expect(refused.code).toBe('E_CLUSTER_CERTIFICATE_INVALID')
  expect(await echo(b, a, 'as before')).toBe('as before')
})
