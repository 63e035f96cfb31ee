import { expect, test } from 'vitest'
import { bytesFrom } from '../../test/two-ends.ts'
import { limits } from '../limits.ts'
import { createInbox, cutMessage, decodeMessage, encodeMessage, frameMessage, type Hello } from './messages.ts'

const hello: Hello = {
  kind: 'hello',
  role: 'dialer',
  hidden: true,
  cookieOnly: false,
  creation: 0x1020304,
  nonce: new Uint8Array(32).fill(0xaa),
  wallMs: 0x5060708,
  publicKey: new Uint8Array(32).fill(0xbb),
  name: 'a@h',
  dialedName: 'bc@h',
  succession: [],
  memberCertificate: Uint8Array.of(0xcc),
}
const longest = `${'x'.repeat(253)}@h`

test('the layout on the wire is fixed', () => {
  expect(Buffer.from(encodeMessage(hello)).toString('hex')).toBe(
    `01040101${'0000000001020304'}${'0000000005060708'}${'aa'.repeat(32)}${'bb'.repeat(32)}0361406804${'62634068'}00${'0001cc'}`,
  )
  expect(Buffer.from(encodeMessage({ kind: 'fail', reason: 'untrusted' })).toString('hex')).toBe(
    '0409756e74727573746564',
  )
  expect(Buffer.from(encodeMessage({ kind: 'ok' })).toString('hex')).toBe('03')
})

test('the longest names fit into a message', () => {
  const largest = { ...hello, name: longest, dialedName: longest, creation: Number.MAX_SAFE_INTEGER }
  const bytes = encodeMessage(largest)
  expect(bytes.length).toBeLessThanOrEqual(limits.handshakeMessageBytesMax)
  expect(decodeMessage(bytes)).toEqual(largest)
})

test('other versions are refused by their number', () => {
  for (const version of [0, 1, 2, 3, 5, 255]) {
    const bytes = encodeMessage(hello)
    bytes[1] = version
    expect(decodeMessage(bytes)).toBe(`it speaks handshake version ${version}, this node speaks 4`)
  }
})

test('a message that is too short or too long by any number of bytes is refused', () => {
  const messages = [
    hello,
    { kind: 'proof', signature: new Uint8Array(64) },
    { kind: 'cookieProof', mac: new Uint8Array(32) },
    { kind: 'fail', reason: 'no' },
  ] as const
  for (const message of messages) {
    const bytes = encodeMessage(message)
    for (let length = 0; length < bytes.length; length++) {
      expect(typeof decodeMessage(bytes.slice(0, length))).toBe('string')
    }
    expect(typeof decodeMessage(Buffer.concat([bytes, Buffer.of(0)]))).toBe('string')
  }
  expect(typeof decodeMessage(Buffer.of(3, 0))).toBe('string')
})

test('numbers that JavaScript cannot hold are refused', () => {
  for (const offset of [4, 12]) {
    const bytes = encodeMessage(hello)
    bytes.fill(0xff, offset, offset + 8)
    expect(decodeMessage(bytes)).toBe('a hello with a number that is too large')
  }
})

test('unknown roles, flags and types are refused', () => {
  for (const [offset, value] of [
    [2, 0],
    [2, 3],
    [3, 2],
    [3, 4],
    [3, 129],
    [0, 0],
    [0, 6],
    [0, 255],
  ] as const) {
    const bytes = encodeMessage(hello)
    bytes[offset] = value
    expect(typeof decodeMessage(bytes)).toBe('string')
  }
})

test('names that are not node names are refused', () => {
  const names = ['../x@h', 'a/b@h', 'a\0@h', '..@h', 'a@@h', 'a', '@h', 'a@', 'a@h\n', 'C:\\x@h', '\xe9@h', '']
  for (const name of names) {
    expect(decodeMessage(encodeMessage({ ...hello, name }))).toBe('a hello without a valid node name')
    expect(decodeMessage(encodeMessage({ ...hello, dialedName: name }))).toBe('a hello without a valid dialed name')
  }
})

test('a refusal carries a short word and nothing that could write into a log', () => {
  for (const reason of ['', 'Loud', 'two words', '\x1b[31mred', 'line\nbreak', '-x', 'x'.repeat(65), 'x'.repeat(255)]) {
    expect(typeof decodeMessage(encodeMessage({ kind: 'fail', reason }))).toBe('string')
  }
  expect(decodeMessage(encodeMessage({ kind: 'fail', reason: 'x'.repeat(64) }))).toMatchObject({ kind: 'fail' })
})

test('what was decoded does not change with the bytes it came from', () => {
  const bytes = encodeMessage({ ...hello, nonce: bytesFrom('nonce') })
  const decoded = decodeMessage(bytes) as Hello
  bytes.fill(0)
  expect(decoded.nonce).toEqual(bytesFrom('nonce'))
})

test('a length that is zero or over the limit is refused as soon as it is read', () => {
  for (const length of [0, limits.handshakeMessageBytesMax + 1, 65_535]) {
    const inbox = createInbox()
    expect(cutMessage(inbox, Buffer.of(length >> 8))).toEqual({ used: 1 })
    expect(cutMessage(inbox, Buffer.of(length & 255))).toMatchObject({ used: 1, problem: expect.any(String) })
  }
})

test('a large chunk is not kept: only the message that it begins with is taken', () => {
  const chunk = Buffer.concat([frameMessage(Buffer.from('first')), Buffer.alloc(1_000_000, 1)])
  expect(cutMessage(createInbox(), chunk)).toEqual({ used: 7, message: Uint8Array.from(Buffer.from('first')) })
})

test('more statements of succession than anyone keeps are refused when they are counted', () => {
  const statement = { serial: 1, oldKey: bytesFrom('old'), signature: new Uint8Array(64) }
  const most = encodeMessage({ ...hello, succession: Array(limits.successionsMax).fill(statement) })
  expect(decodeMessage(most)).toMatchObject({ kind: 'hello' })
  const many = encodeMessage({ ...hello, succession: Array(limits.successionsMax + 1).fill(statement) })
  expect(decodeMessage(many)).toBe(`a hello with ${limits.successionsMax + 1} statements of succession`)
})
