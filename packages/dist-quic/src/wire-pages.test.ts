// The pages of docs/wire say what goes over the wire: their numbers, and their formulas worked out by hand.
import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { makeCertificate } from '../test/endpoints.ts'
import { acceptorConfig, bytesFrom, converse, dialerConfig, isDone } from '../test/two-ends.ts'
import { word } from './channel/words.ts'
import { verifySignature } from './identity/keys.ts'
import { signMember } from './identity/member-certificate.ts'
import { succeed } from './identity/succession.ts'
import { limits } from './limits.ts'
import { loopbackTransport, networkTransport, packetSizesFrom } from './quic/config.ts'
import { limits as quicLimits } from './quic/limits.ts'
import { loadNative } from './quic/native.ts'
import { refusalCode } from './user-streams/demux/refusal.ts'
import { limits as streamLimits } from './user-streams/limits.ts'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')
const pageOf = async (page: string) => (await read(`../../../docs/wire/${page}.md`)).replace(/\s+/g, ' ')
const [transport, handshake, signals, userStreams] = (await Promise.all(
  ['transport', 'handshake', 'signals', 'user-streams'].map(pageOf),
)) as [string, string, string, string]
const number = (value: number) => value.toLocaleString('en-US')

test('the page of the transport has the bounds of the endpoint', async () => {
  const quiche = await loadNative()
  const options = { ...(await makeCertificate()), alpn: 'barrel-actors/4', idleTimeoutMs: 6_000 }
  const MiB = 1024 * 1024
  expect([
    networkTransport(quiche, options).windowBytes,
    loopbackTransport(quiche, options, 8 * MiB).windowBytes,
  ]).toEqual([4 * 4 * MiB, 4 * 2 * MiB])
  for (const said of [
    "half of the socket's receive buffer, 64 KiB to 2 MiB; otherwise 4 MiB",
    '| `initial_max_data` | four windows |',
    `| \`initial_max_streams_bidi\` | ${quicLimits.streamsBidiMax}:`,
    `| \`initial_max_streams_uni\` | ${quicLimits.streamsUniMax}:`,
    `| \`active_connection_id_limit\` | ${quicLimits.connectionIdsMax} |`,
    `Caps: ${number(quicLimits.connectionsMax)} connections; ${quicLimits.handshakesMax} handshakes in all, ${quicLimits.handshakesPerAddressMax} from one`,
    `${quicLimits.handshakesLoopbackMax} from a loopback address`,
    `accepted has ${quicLimits.handshakeMsMax / 1_000} s of wall time`,
    `| during TLS, any path | ${number(packetSizesFrom(1350).at(-1) as number)} |`,
    `| ${quicLimits.untrustedBytesMax / 1024} KiB, handshake included | close |`,
    `| ${quicLimits.untrustedStreamsMax}, unread | close |`,
    `| ${number(quicLimits.answerPacketsMax)}, then 2 for each datagram and ${quicLimits.answerPacketsPerSecond} a second | close |`,
    `A token is good for ${quicLimits.retryTokenMsMax / 1_000} s`,
    `at most ${quicLimits.reasonBytesMax} bytes of UTF-8`,
  ]) {
    expect(transport).toContain(said)
  }
})

test('the page of signals has every word, and the bounds of frames', () => {
  expect(
    [...signals.matchAll(/\| (\d+) (\w+) \|/g)].flatMap(([, code, name]) =>
      Number(code) >= 16 ? [[name, Number(code)]] : [],
    ),
  ).toEqual(Object.entries(word))
  expect(signals).toContain(`at most ${limits.frameBytesMax / 1024} KiB`)
  expect(signals).toContain(`parts of at most ${limits.partBytesMax / 1024} KiB`)
  expect(signals).toContain(
    `at most ${limits.messagesUnderWayMax} unfinished signals in a flow, and ${limits.underWayBytesMax / 1024 ** 2} MiB`,
  )
  expect(signals).toContain(`signal has at most ${limits.messageBytesMax / 1024 ** 2} MiB`)
})

test('the page of user streams has every code, and the bounds of streams', () => {
  const codes = [...userStreams.matchAll(/\| 0x(1\w\w) \| (\w+) \|/g)].map(([, code, name]) => [
    name,
    Number(`0x${code}`),
  ])
  expect(codes).toEqual(Object.entries(refusalCode))
  const { parkedPerPeerMax, parkedMax, streamsPerPeerMax, streamsMax, preambleMsMax } = streamLimits
  expect(userStreams).toContain(`${parkedPerPeerMax} streams of this peer, or ${parkedMax} of all`)
  expect(userStreams).toContain(`${streamsPerPeerMax} streams with this peer, or ${streamsMax} with all`)
  expect(userStreams).toContain(`not whole ${preambleMsMax / 1_000} s after its first byte`)
})

describe('the page of the handshake', () => {
  const label = (text: string) => Buffer.from(`${text}\0`, 'latin1')
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
  const { dialer, acceptor, sent } = converse(dialerConfig(), acceptorConfig())
  // Both hellos as they go over the stream: the acceptor sends its proof right behind.
  const lengthOf = (bytes: Uint8Array) => 2 + Buffer.from(bytes).readUInt16BE()
  const [hello, proof] = sent.dialer as [Uint8Array, Uint8Array]
  const answer = sent.acceptor[0] as Uint8Array
  const answered = answer.subarray(0, lengthOf(answer))
  const transcript = (dialers: Uint8Array, acceptors: Uint8Array) =>
    sha256(Buffer.of(4), dialers, acceptors, bytesFrom('certificate of a'), bytesFrom('certificate of b'))

  test('says what both ends sign', () => {
    expect([isDone(dialer), isDone(acceptor)]).toEqual([true, true])
    const signed = transcript(hello, answered)
    for (const [role, keys, message] of [
      ['dialer', dialerConfig().keys, proof],
      ['acceptor', acceptorConfig().keys, answer.subarray(answered.length)],
    ] as const) {
      expect([...message.subarray(0, 3)]).toEqual([0, 65, 2])
      const bytes = Buffer.concat([label(`barrel-actors handshake v4 ${role}`), signed])
      expect(verifySignature(keys.publicKey, bytes, message.subarray(3))).toBe(true)
    }
  })

  test('says what a probe proves', () => {
    const cookie = bytesFrom('the cookie')
    const probe = converse(dialerConfig({ cookieOnly: true, cookie }), acceptorConfig({ cookie })).sent
    const [first, mac] = probe.dialer as [Uint8Array, Uint8Array]
    const second = probe.acceptor[0] as Uint8Array
    const over = transcript(first, second.subarray(0, lengthOf(second)))
    const made = createHmac('sha256', cookie).update(label('barrel-actors handshake v4 cookie')).update(over).digest()
    expect(Buffer.from(mac)).toEqual(Buffer.concat([Buffer.of(0, 33, 5), made]))
  })

  test('says what one key signs of the next', () => {
    const { keys: old } = dialerConfig()
    const next = acceptorConfig().keys.publicKey
    const [statement] = succeed('a@host', [], old, next)
    const serial = Buffer.from('0000000000000001', 'hex')
    const name = Buffer.from('\x06a@host', 'latin1')
    const signed = Buffer.concat([label('barrel-actors key succession v1'), name, old.publicKey, next, serial])
    expect(verifySignature(old.publicKey, signed, statement?.signature as Uint8Array)).toBe(true)
  })

  test('says what a cluster signs of a member', () => {
    const { keys: cluster } = dialerConfig()
    const { publicKey } = acceptorConfig().keys
    const time = { notBefore: 1, notAfter: 2 }
    const made = signMember(cluster, { node: 'a@host', publicKey, role: 'tool', serial: 3, ...time })
    const numbers = Buffer.from(['3', '1', '2'].map(digit => digit.padStart(16, '0')).join(''), 'hex')
    const name = Buffer.from('\x06a@host', 'latin1')
    const body = Buffer.concat([Buffer.of(1, 2), sha256(cluster.publicKey), numbers, publicKey, name])
    expect(Buffer.from(made.subarray(0, -64))).toEqual(body)
    const signed = Buffer.concat([label('barrel-actors member certificate v1'), body])
    expect(verifySignature(cluster.publicKey, signed, made.subarray(-64))).toBe(true)
    expect(handshake).toContain(`at most ${limits.memberCertificateBytesMax} bytes`)
  })

  test('has every reason of a refusal, and no other', async () => {
    const files = ['handshake/checks', 'handshake/state', 'handshake/options', 'identity/cluster-trust']
    const code = (await Promise.all(files.map(file => read(`./${file}.ts`)))).join()
    const used = [...code.matchAll(/(?:reason: |supersededReason = |refuse\()'([a-z-]+)'/g)].map(([, reason]) => reason)
    const [, listed = ''] = /Reasons of a FAIL: ([^.]*)\./.exec(handshake) ?? []
    const said = [...listed.matchAll(/`([a-z-]+)`/g)].map(([, reason]) => reason)
    expect(said.sort()).toEqual([...new Set(used)].sort())
  })
})
