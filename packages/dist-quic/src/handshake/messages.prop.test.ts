import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createInbox,
  cutMessage,
  decodeMessage,
  encodeMessage,
  frameMessage,
  handshakeVersion,
  type Message,
} from './messages.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}$/)
const name = fc.tuple(part, part).map(parts => parts.join('@'))
const hello = fc.record({
  kind: fc.constant('hello' as const),
  role: fc.constantFrom('dialer' as const, 'acceptor' as const),
  hidden: fc.boolean(),
  cookieOnly: fc.constant(false),
  creation: fc.maxSafeNat(),
  nonce: bytes(32),
  wallMs: fc.maxSafeNat(),
  publicKey: bytes(32),
  name,
  dialedName: name,
  succession: fc.array(fc.record({ serial: fc.maxSafeNat(), oldKey: bytes(32), signature: bytes(64) }), {
    maxLength: 8,
  }),
  memberCertificate: fc.uint8Array({ maxLength: 410 }),
})
const probeHello = hello.map(full => ({
  ...full,
  ...({ role: 'dialer', hidden: true, cookieOnly: true, succession: [] } as const),
  memberCertificate: new Uint8Array(0),
  publicKey: new Uint8Array(32),
}))
const message: fc.Arbitrary<Message> = fc.oneof(
  hello,
  probeHello,
  fc.record({ kind: fc.constant('cookieProof' as const), mac: bytes(32) }),
  fc.record({ kind: fc.constant('proof' as const), signature: bytes(64) }),
  fc.constant({ kind: 'ok' as const }),
  fc.record({ kind: fc.constant('fail' as const), reason: fc.stringMatching(/^[a-z][a-z-]{0,63}$/) }),
)

test('what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(message, sent => {
      expect(decodeMessage(encodeMessage(sent))).toEqual(sent)
    }),
  )
})

/** One of each kind, and the longest hello. */
const recordings: Message[] = [
  {
    kind: 'hello',
    role: 'dialer',
    hidden: false,
    cookieOnly: false,
    creation: 1_700_000_000,
    nonce: new Uint8Array(32).fill(1),
    wallMs: 1_700_000_000_000,
    publicKey: new Uint8Array(32).fill(2),
    name: 'a@host',
    dialedName: 'b@10.0.0.1',
    succession: [{ serial: 1, oldKey: new Uint8Array(32).fill(3), signature: new Uint8Array(64).fill(4) }],
    memberCertificate: new Uint8Array(160).fill(7),
  },
  { kind: 'proof', signature: new Uint8Array(64).fill(5) },
  { kind: 'cookieProof', mac: new Uint8Array(32).fill(6) },
  { kind: 'ok' },
  { kind: 'fail', reason: 'key-changed' },
]

/** What decodes encodes to the same bytes: there is one spelling of each message. */
function checkDecoded(wire: Uint8Array): boolean {
  const decoded = decodeMessage(wire)
  if (typeof decoded === 'string') return false
  expect(Buffer.from(encodeMessage(decoded)).equals(wire)).toBe(true)
  return true
}

test('whatever comes as a message is refused, or encodes to the same bytes: each message has one spelling', () => {
  const wire = fc.oneof(
    { weight: 8, arbitrary: changed(recordings.map(encodeMessage)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 200 })
        .map(rest => Buffer.concat([Buffer.of(1, handshakeVersion, 1, 0), rest])),
    },
  )
  return fuzz('handshake messages', wire, bytes => (checkDecoded(bytes) ? 'accepted' : 'refused'))
})

test('whatever comes as a stream of messages is refused or cut into them, the same however it arrives', () => {
  const stream = Buffer.concat(recordings.map(encodeMessage).map(frameMessage))
  const cutUp = (pieces: readonly Uint8Array[]) => {
    const inbox = createInbox()
    const messages: string[] = []
    for (const piece of pieces) {
      for (let rest = piece; rest.length > 0; ) {
        const { message: whole, problem, used } = cutMessage(inbox, rest)
        if (problem !== undefined) return { messages, problem }
        if (whole !== undefined) messages.push(Buffer.from(whole).toString('hex'))
        rest = rest.subarray(used)
      }
    }
    return { messages, problem: undefined }
  }
  return fuzz('handshake streams', fc.tuple(changed([stream]), cuts), ([bytes, sizes]) => {
    const whole = cutUp([bytes])
    expect(cutUp(cut(bytes, sizes))).toEqual(whole)
    return whole.problem === undefined ? 'accepted' : 'refused'
  })
})

test('messages come out whole and in order however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 1024 }), { maxLength: 5 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.map(frameMessage))
      const inbox = createInbox()
      const received: Uint8Array[] = []
      let at = 0
      for (let index = 0; at < stream.length; index++) {
        const end = at + (sizes[index % sizes.length] as number)
        let rest: Uint8Array = stream.subarray(at, end)
        while (rest.length > 0) {
          const cut = cutMessage(inbox, rest)
          if (cut.message !== undefined) received.push(cut.message)
          rest = rest.subarray(cut.used)
        }
        at = end
      }
      expect(received).toEqual(sent)
    }),
  )
})
