import { generateKeyPairSync } from 'node:crypto'
import { type LogFields, silentLog } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryDisk } from '../../test/memory-disk.ts'
import { bytesFrom, keysFrom } from '../../test/two-ends.ts'
import { limits } from '../limits.ts'
import { type ClusterOptions, openCluster } from './cluster.ts'
import { certificateText, newClusterKey, publicKeyText, readClusterKey } from './cluster-files.ts'
import { checkMember, isRefusal } from './cluster-trust.ts'
import { decodeMember, type MemberCertificate, signMember } from './member-certificate.ts'

const hourMs = 3_600_000
const keys = await keysFrom('node')
const self = { node: 'a@host', hidden: false, timestampWindowMs: 30_000 }
const entropy = { bytes: (length: number) => bytesFrom('cluster').subarray(0, length) }
const pem = newClusterKey(entropy)

/** A node whose wall clock can be set. */
function seams(files: Record<string, string> = {}) {
  const disk = memoryDisk()
  const wall = { ms: 1_800_000_000_000 }
  const lines: [string, LogFields | undefined][] = []
  const log = { ...silentLog, warn: (event: string, fields?: LogFields) => void lines.push([event, fields]) }
  const clock = { now: () => 0, wall: () => wall.ms, setTimer: () => ({ cancel() {}, keepAlive() {} }) }
  const written = Promise.all(Object.entries(files).map(([path, text]) => disk.replace(path, Buffer.from(text))))
  return { written, wall, lines, given: { disk, clock, entropy, log } }
}

async function open(options: Partial<ClusterOptions>, at = seams()) {
  await at.written
  const all = { clusterKey: undefined, clusterCertificate: undefined, clusterKeys: [], ...options }
  return openCluster(all, self, at.given)
}

const code = (wanted: string) => expect.objectContaining({ code: wanted })

test('without options there is no cluster', async () => {
  expect(await open({})).toBeUndefined()
})

test('a node with the cluster key signs for itself, in time, and for the key that it has', async () => {
  const at = seams({ 'cluster.key': pem })
  const cluster = await open({ clusterKey: 'cluster.key' }, at)
  if (cluster === undefined) throw new Error('there is a cluster')
  const now = at.wall.ms
  const first = cluster.certificateFor(keys)
  expect(decodeMember(first)).toMatchObject({
    node: 'a@host',
    role: 'node',
    notBefore: now,
    notAfter: now + 24 * hourMs,
  })
  at.wall.ms = now + 8 * hourMs - 1
  expect(cluster.certificateFor(keys)).toBe(first)
  at.wall.ms = now + 8 * hourMs
  expect(decodeMember(cluster.certificateFor(keys))).toMatchObject({ notBefore: now + 8 * hourMs })
  // A clock that was set back must not leave a certificate that begins tomorrow.
  at.wall.ms = now - hourMs
  expect(decodeMember(cluster.certificateFor(keys))).toMatchObject({ notBefore: now - hourMs })
  const rotated = await keysFrom('rotated')
  const { publicKey } = decodeMember(cluster.certificateFor(rotated)) as MemberCertificate
  expect(publicKey).toEqual(rotated.publicKey)
})

test('two nodes with one key accept each other, and a node with another key is refused', async () => {
  const [one, two] = [await open({ clusterKey: Buffer.from(pem) }), await open({ clusterKey: Buffer.from(pem) })]
  const other = await open({ clusterKey: Buffer.from(newClusterKey({ bytes: () => bytesFrom('another') })) })
  const shown = { name: 'a@host', publicKey: keys.publicKey, hidden: false }
  const answer = (of: typeof one, by: typeof one) => {
    if (of === undefined || by === undefined) throw new Error('there is a cluster')
    const peer = { ...shown, memberCertificate: of.certificateFor(keys) }
    const checked = checkMember(by.trust, peer, 1_800_000_000_000, 0)
    return isRefusal(checked) ? checked.reason : 'accept'
  }
  expect([answer(one, two), answer(two, one), answer(other, one), answer(one, other)]).toEqual([
    'accept',
    'accept',
    'other-cluster',
    'other-cluster',
  ])
})

test('a certificate that was signed elsewhere is shown as it is, and warned of before it ends', async () => {
  const signer = await readClusterKey(memoryDisk(), Buffer.from(pem))
  const at = seams()
  const time = { notBefore: at.wall.ms, notAfter: at.wall.ms + 8 * 24 * hourMs }
  const bytes = signMember(signer, { node: 'a@host', publicKey: keys.publicKey, role: 'node', serial: 1, ...time })
  const clusterCertificate = Buffer.from(certificateText(bytes))
  const cluster = await open({ clusterCertificate, clusterKeys: [publicKeyText(signer.publicKey)] }, at)
  expect(cluster?.certificateFor(keys)).toEqual(bytes)
  expect([cluster?.canSign, at.lines]).toEqual([false, []])
  at.wall.ms += 25 * hourMs
  for (let times = 0; times < 3; times++) cluster?.certificateFor(keys)
  expect(at.lines.map(([event]) => event)).toEqual(['member certificate ends soon; have a new one signed'])
})

test('a certificate for another name, key, role, time or cluster stops the start, and says why', async () => {
  const signer = await readClusterKey(memoryDisk(), Buffer.from(pem))
  const fields = { node: 'a@host', publicKey: keys.publicKey, role: 'node', serial: 1, notBefore: 0 } as const
  const notAfter = 4_000_000_000_000
  const thief = await keysFrom('thief')
  const start = async (bytes: Uint8Array) => {
    const clusterCertificate = Buffer.from(certificateText(bytes))
    const cluster = await open({ clusterCertificate, clusterKeys: [signer.publicKey] })
    return cluster?.certificateFor(keys)
  }
  await start(signMember(signer, { ...fields, notAfter }))
  for (const [bytes, problem] of [
    [signMember(signer, { ...fields, notAfter, node: 'b@host' }), 'it is for b@host'],
    [signMember(signer, { ...fields, notAfter, publicKey: thief.publicKey }), 'another key'],
    [signMember(signer, { ...fields, notAfter, role: 'tool' }), 'for a tool'],
    [signMember(signer, { ...fields, notAfter: 1_000 }), 'it ended 1970-01-01'],
    [signMember(thief, { ...fields, notAfter }), 'another cluster'],
  ] as const) {
    await expect(start(bytes)).rejects.toThrow(code('E_CLUSTER_CERTIFICATE_INVALID'))
    await expect(start(bytes)).rejects.toThrow(problem)
  }
})

test('a key or certificate file that is missing, cut, too long or of the wrong kind stops the start, and says which', async () => {
  const publicPem = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' })
  const files = { empty: '', half: pem.slice(0, 70), public: publicPem, other: String(rsa), long: 'x'.repeat(5_000) }
  for (const name of ['missing', ...Object.keys(files)]) {
    await expect(open({ clusterKey: name }, seams(files))).rejects.toThrow(code('E_CLUSTER_KEY_INVALID'))
    const options = { clusterCertificate: name, clusterKeys: [keys.publicKey] }
    await expect(open(options, seams(files))).rejects.toThrow(code('E_CLUSTER_CERTIFICATE_INVALID'))
  }
  await expect(open({ clusterKey: new Uint8Array(limits.clusterFileBytesMax + 1) })).rejects.toThrow('more than')
  await expect(open({ clusterKey: 'public' }, seams(files))).rejects.toThrow('it is a public key')
  await expect(open({ clusterKey: 'other' }, seams(files))).rejects.toThrow('not for Ed25519')
})

test('a key may be given as the text of its file, and no error shows a text that holds one', async () => {
  expect(await open({ clusterKey: pem })).toBeDefined()
  const cut = pem.slice(0, 90)
  const refused = await open({ clusterKey: cut }).catch(error => error as Error)
  expect(refused).toMatchObject({ code: 'E_CLUSTER_KEY_INVALID', fields: { source: '(given as bytes)' } })
  expect(String((refused as Error).stack)).not.toContain(cut.slice(30, 60))
})

test('a public key of another kind is not taken for one', async () => {
  for (const make of [generateKeyPairSync('x25519'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]) {
    const text = make.publicKey.export({ format: 'pem', type: 'spki' }) as string
    await expect(open({ clusterKey: pem, clusterKeys: [text] })).rejects.toThrow(code('E_QUIC_OPTION_INVALID'))
  }
})

test('options that do not go together are refused', async () => {
  const bytes = Buffer.from(pem)
  for (const options of [
    { clusterKey: bytes, clusterCertificate: bytes },
    { clusterCertificate: bytes },
    { clusterKeys: [keys.publicKey] },
    { clusterKey: bytes, clusterKeys: ['not base64 of a key'] },
    { clusterKey: bytes, clusterKeys: [new Uint8Array(32)] },
  ]) {
    await expect(open(options)).rejects.toThrow(code('E_QUIC_OPTION_INVALID'))
  }
})

test('a public key may be given in base64, in PEM and as bytes', async () => {
  const pair = generateKeyPairSync('ed25519').publicKey
  const text = pair.export({ format: 'pem', type: 'spki' }) as string
  const bytes = Buffer.from(pair.export({ format: 'jwk' }).x as string, 'base64url')
  for (const clusterKeys of [[text], [bytes], [publicKeyText(bytes)]]) {
    expect((await open({ clusterKey: Buffer.from(pem), clusterKeys }))?.trust.keys.size).toBe(2)
  }
})
