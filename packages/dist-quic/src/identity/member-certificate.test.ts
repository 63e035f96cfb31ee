import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesFrom, keysFrom } from '../../test/two-ends.ts'
import { limits } from '../limits.ts'
import { checkMember, clusterTrustOf, isRefusal } from './cluster-trust.ts'
import { decodeMember, isNameUnder, type MemberCertificate, signMember, toolNameUnder } from './member-certificate.ts'

const [cluster, other, node, thief] = [
  await keysFrom('cluster'),
  await keysFrom('other cluster'),
  await keysFrom('node'),
  await keysFrom('thief'),
]
const trust = clusterTrustOf([cluster.publicKey])
const from = 1_000_000
const until = 2_000_000
const fields: Omit<MemberCertificate, 'clusterId'> = {
  node: 'a@host',
  publicKey: node.publicKey,
  role: 'node',
  serial: 7,
  notBefore: from,
  notAfter: until,
}
const peer = (certificate: Uint8Array, changes: { name?: string; publicKey?: Uint8Array; hidden?: boolean } = {}) => ({
  name: 'a@host',
  publicKey: node.publicKey,
  hidden: false,
  memberCertificate: certificate,
  ...changes,
})
const answer = (...args: [ReturnType<typeof peer>, number?]) => {
  const checked = checkMember(trust, args[0], args[1] ?? from, 100)
  return isRefusal(checked) ? checked.reason : 'accept'
}
const good = signMember(cluster, fields)

test('the layout of a certificate is fixed', () => {
  const { clusterId } = decodeMember(good) as MemberCertificate
  const [id, key] = [clusterId, node.publicKey].map(bytes => Buffer.from(bytes).toString('hex'))
  const numbers = `${'0000000000000007'}${'00000000000f4240'}${'00000000001e8480'}`
  expect(Buffer.from(good.subarray(0, -64)).toString('hex')).toBe(`0101${id}${numbers}${key}06${'6140686f7374'}`)
})

test('a certificate of the cluster lets in the name and the key that it is for, for its time', () => {
  expect(answer(peer(good))).toBe('accept')
  expect(answer(peer(good), from - 100)).toBe('accept')
  expect(answer(peer(good), until + 99)).toBe('accept')
})

test('a certificate that is of another cluster, another name, key or role, or another time is refused, and says which', () => {
  expect(answer(peer(new Uint8Array(0)))).toBe('no-certificate')
  expect(answer(peer(signMember(other, fields)))).toBe('other-cluster')
  expect(answer(peer(good, { name: 'b@host' }))).toBe('wrong-certificate')
  expect(answer(peer(good, { publicKey: thief.publicKey }))).toBe('wrong-certificate')
  expect(answer(peer(good, { hidden: true }))).toBe('wrong-certificate')
  expect(answer(peer(signMember(cluster, { ...fields, role: 'tool' })))).toBe('wrong-certificate')
  expect(answer(peer(good), from - 101)).toBe('certificate-too-early')
  expect(answer(peer(good), until + 100)).toBe('certificate-expired')
})

test('a certificate that names the cluster and was signed by somebody else is refused', () => {
  const forged = Uint8Array.from(signMember(other, fields))
  forged.set(good.subarray(2, 34), 2)
  expect(answer(peer(forged))).toBe('bad-certificate')
})

test('every cut, every added byte and every flipped bit is refused', () => {
  for (let length = 1; length < good.length; length++)
    expect(answer(peer(good.subarray(0, length)))).toBe('bad-certificate')
  expect(answer(peer(Buffer.concat([good, Buffer.of(0)])))).toBe('bad-certificate')
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bent = Uint8Array.from(good)
    bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
    expect(answer(peer(bent))).not.toBe('accept')
  }
})

test('the old and the new key of a cluster are accepted beside each other', () => {
  const both = clusterTrustOf([cluster.publicKey, other.publicKey])
  for (const signer of [cluster, other]) {
    expect(isRefusal(checkMember(both, peer(signMember(signer, fields)), from, 0))).toBe(false)
  }
})

test('a tool takes names under its own, and no certificate is for such a name', () => {
  const tool = signMember(cluster, { ...fields, role: 'tool' })
  const hidden = (name: string) => answer(peer(tool, { hidden: true, name }))
  expect(toolNameUnder('a@host', '7f')).toBe('a.tool-7f@host')
  expect(['a@host', 'a.tool-7f@host', 'a.tool-7f@other', 'a.b@host', 'b.tool-7f@host'].map(hidden)).toEqual([
    'accept',
    'accept',
    'wrong-certificate',
    'wrong-certificate',
    'wrong-certificate',
  ])
  expect(decodeMember(signMember(cluster, { ...fields, node: 'a.tool-7f@host' }))).toContain('only tools take')
  expect(isNameUnder('a@host', 'a.tool-@host')).toBe(true)
})

test('what is signed decodes to the same', () => {
  const part = fc.stringMatching(/^[a-z0-9][a-z0-9_.]{0,40}$/)
  const certificate = fc.record({
    node: fc.tuple(part, part).map(halves => halves.join('@')),
    publicKey: fc.constantFrom(node.publicKey, thief.publicKey),
    role: fc.constantFrom('node' as const, 'tool' as const),
    serial: fc.maxSafeNat(),
    notBefore: fc.nat(),
    notAfter: fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER }),
  })
  fc.assert(
    fc.property(certificate, sent => {
      expect(decodeMember(signMember(cluster, sent))).toMatchObject(sent)
    }),
  )
})

test('whatever comes as a certificate is refused, or is the one that the cluster signed', () => {
  const certificates = [good, signMember(cluster, { ...fields, role: 'tool' }), signMember(other, fields)]
  const come = fc.oneof(
    { weight: 8, arbitrary: changed(certificates) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }) },
  )
  const isGood = (bytes: Uint8Array) => Buffer.from(good).equals(bytes)
  return fuzz('member certificates', come, bytes => {
    const outcome = answer(peer(bytes)) === 'accept' ? 'accepted' : 'refused'
    expect(outcome).toBe(isGood(bytes) ? 'accepted' : 'refused')
    return outcome
  })
})

test('the longest certificate has the length that the bound allows', () => {
  const longest = signMember(cluster, { ...fields, node: `${'x'.repeat(253)}@h` })
  expect(longest.length).toBe(limits.memberCertificateBytesMax)
  expect(decodeMember(Buffer.concat([longest, bytesFrom('more')]))).toBe('it is too long')
})
