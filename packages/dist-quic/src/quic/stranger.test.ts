import { type Disk, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { loadOrCreateCertificate } from '../identity/certificate.ts'
import { networkTransport } from './config.ts'
import { loadNative } from './native.ts'
import { connectionIdBytes } from './packet-head.ts'
import { StrangerDesk } from './stranger.ts'

const client = { host: '10.0.0.1', port: 4000 }
const out = Buffer.alloc(2000)
let desk: StrangerDesk

beforeAll(async () => {
  desk = new StrangerDesk(await loadNative(), systemClock, systemEntropy)
})

const none = Buffer.alloc(0)

function initial(version: number, id: Uint8Array, token: Uint8Array, length = 1200, source = none): Buffer {
  const versionBytes = Buffer.alloc(4)
  versionBytes.writeUInt32BE(version)
  const ids = [Uint8Array.of(id.length), id, Uint8Array.of(source.length), source]
  const parts = [Uint8Array.of(0xc0), versionBytes, ...ids, Uint8Array.of(token.length), token]
  const head = Buffer.concat([...parts, Uint8Array.of(0x44, 0x00)])
  return Buffer.concat([head, Buffer.alloc(Math.max(0, length - head.length))])
}

const first = Buffer.from('its first id')

test('a client without a token gets a Retry, and is accepted with the token and the id in it', () => {
  const retry = desk.answer(initial(1, first, Buffer.alloc(0)), client, out)
  if (retry.kind !== 'reply') throw new Error(retry.kind)
  expect(retry.length).toBeLessThan(1200)
  // Long head, no id of its own, then our id, then the token, then 16 bytes of integrity tag.
  const packet = out.subarray(0, retry.length)
  const retryId = packet.subarray(7, 23)
  const token = packet.subarray(23, retry.length - 16)
  const accepted = desk.answer(initial(1, retryId, token), client, out)
  expect(accepted).toEqual({ kind: 'accept', sourceId: Buffer.from(retryId), firstId: first })
  const stolen = desk.answer(initial(1, retryId, token), { ...client, host: '10.0.0.2' }, out)
  expect(stolen).toEqual({ kind: 'drop', why: 'badRetryToken' })
})

test('a client with a connection id of its own gets no answer', () => {
  const packet = initial(1, first, none, 1200, Buffer.from('id'))
  expect(desk.answer(packet, client, out)).toEqual({ kind: 'drop', why: 'sourceId' })
})

test('an unknown version is answered with the known ones', () => {
  const answer = desk.answer(initial(0x0a0a0a0b, first, Buffer.alloc(0)), client, out)
  expect(answer.kind).toBe('reply')
  expect(out.readUInt32BE(1)).toBe(0)
})

test('nothing shorter than an initial packet is answered, nor is anything that is none', () => {
  const token = Buffer.alloc(0)
  const handshake = initial(1, first, token)
  handshake[0] = 0xe0
  const short = initial(1, first, token)
  short[0] = 0x40
  const unanswered = [initial(1, first, token, 1199), initial(0, first, token), handshake, short, Buffer.alloc(0)]
  expect(unanswered.map(packet => desk.answer(packet, client, out).kind)).toEqual(Array(5).fill('drop'))
})

/** The first packets of the library's own client, without and with the token of a Retry. */
async function recordedFlight(): Promise<[first: Buffer, withToken: Buffer]> {
  const quiche = await loadNative()
  const tls = await loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
  const { config } = networkTransport(quiche, { ...tls, alpn: 'test/1', idleTimeoutMs: 10_000 })
  const server = { host: '10.0.0.2', port: 5000 }
  const native = quiche.Connection.connect(null, new Uint8Array(), client, server, config)
  const packet = Buffer.alloc(1_350)
  const next = () => Buffer.from(packet.subarray(0, native.send(packet)?.[0] ?? 0))
  const sent = next()
  const retry = desk.answer(sent, client, out)
  if (retry.kind !== 'reply') throw new Error(retry.kind)
  native.recv(Buffer.from(out.subarray(0, retry.length)), { from: server, to: client })
  return [sent, next()]
}

test('no first packet makes it throw, answer with more than came, or take a token that it did not give', async () => {
  const [sent, withToken] = await recordedFlight()
  expect(desk.answer(withToken, client, out).kind).toBe('accept')
  // Behind the first byte, the version and both ids: a length of one byte, then the token.
  const tokenAt = 1 + 4 + 1 + connectionIdBytes + 1 + (withToken[6 + connectionIdBytes] as number) + 1
  const token = withToken.subarray(tokenAt, tokenAt + (withToken[tokenAt - 1] as number))
  const head = fc.uint8Array({ maxLength: 60 })
  const made = fc.tuple(head, fc.constantFrom(0xc0, 0xd0, 0xe0, 0xf0, 0x80)).map(([bytes, firstByte]) => {
    const packet = Buffer.concat([Buffer.of(firstByte, 0, 0, 0, 1), bytes, Buffer.alloc(1_300)])
    return packet.subarray(0, 1_200 + bytes.length)
  })
  return fuzz('first packets', fc.oneof(changed([sent, withToken]), nearHead([sent, withToken]), made), packet => {
    const answer = desk.answer(packet, client, out)
    expect(answer.kind === 'reply' ? answer.length : 0).toBeLessThanOrEqual(packet.length)
    if (answer.kind === 'accept') expect(packet.includes(token)).toBe(true)
    return answer.kind === 'drop' ? 'refused' : 'accepted'
  })
})

/** The recordings with changes where heads, ids and tokens are. */
function nearHead(recordings: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const heads = changed(recordings.map(recorded => recorded.subarray(0, 110)))
  return heads.map(changedHead => Buffer.concat([changedHead, Buffer.alloc(1_200)]))
}
