import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInbox, cutMessage, decodeMessage, encodeMessage, frameMessage, type Message } from './messages.ts'

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
})
const probeHello = hello.map(full => ({
  ...full,
  ...({ role: 'dialer', hidden: true, cookieOnly: true, succession: [] } as const),
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

test('what decodes encodes to the same bytes, so that there is one spelling of each message', () => {
  const mutated = fc.tuple(message, fc.nat(), fc.nat(255)).map(([sent, at, value]) => {
    const changed = Uint8Array.from(encodeMessage(sent))
    changed[at % changed.length] = value
    return changed
  })
  fc.assert(
    fc.property(mutated, wire => {
      const decoded = decodeMessage(wire)
      if (typeof decoded !== 'string') expect(Buffer.from(encodeMessage(decoded)).equals(wire)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('random bytes are answered with a message or a problem', () => {
  const wire = fc.oneof(
    fc.uint8Array({ maxLength: 1100 }),
    fc.uint8Array({ maxLength: 700 }).map(rest => Buffer.concat([Buffer.of(1, 3, 1, 0), rest])),
  )
  fc.assert(
    fc.property(wire, hostile => {
      const decoded = decodeMessage(hostile)
      expect(typeof decoded === 'string' || typeof decoded.kind === 'string').toBe(true)
    }),
    { numRuns: 2000 },
  )
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
