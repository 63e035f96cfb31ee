import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acceptorConfig, converse, dialerConfig, isDone, now, outcomeOf, type Wire } from '../../test/two-ends.ts'
import { encodeMessage, frameMessage } from './messages.ts'
import { createHandshake, type Effect, type Input, step } from './state.ts'

const configs = { dialer: dialerConfig, acceptor: acceptorConfig }
const side = fc.constantFrom('dialer' as const, 'acceptor' as const)

function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number
    cut.push(bytes.subarray(at, at + size))
    at += size
  }
  return cut
}

test('the two ends agree however their bytes are cut', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(sizes, cuts => {
      const ends = converse(dialerConfig(), acceptorConfig(), (_, bytes) => pieces(bytes, cuts))
      expect([outcomeOf(ends.dialer), outcomeOf(ends.acceptor)]).toEqual(['done', 'done'])
    }),
  )
})

test('a bit changed on the way lets no end be done that still has to hear of it', () => {
  // The sends in which a bit is changed: both of the dialer, and both of the acceptor.
  fc.assert(
    fc.property(side, fc.nat(1), fc.nat(), fc.nat(7), (from, index, at, bit) => {
      const wire: Wire = (sender, bytes, number) => {
        const changed = Uint8Array.from(bytes)
        const where = at % changed.length
        if (sender === from && number === index) changed[where] = (changed[where] as number) ^ (1 << bit)
        return [changed]
      }
      const ends = converse(dialerConfig(), acceptorConfig(), wire)
      expect(isDone(ends.dialer)).toBe(false)
      // After a good proof the acceptor is done; only its OK can still be changed.
      expect(isDone(ends.acceptor)).toBe(from === 'acceptor' && index === 1)
    }),
    { numRuns: 1000 },
  )
})

// Signatures and nonces are the same in each run, so that the words of a good conversation can be said again in
// any order: only the one legal order may lead to `done`.
const good = converse(dialerConfig(), acceptorConfig())
const said = {
  helloOfDialer: good.sent.dialer[0] as Uint8Array,
  proofOfDialer: good.sent.dialer[1] as Uint8Array,
  ...splitAnswer(good.sent.acceptor[0] as Uint8Array),
  ok: good.sent.acceptor[1] as Uint8Array,
  refusal: frameMessage(encodeMessage({ kind: 'fail', reason: 'untrusted' })),
}

function splitAnswer(bytes: Uint8Array): { helloOfAcceptor: Uint8Array; proofOfAcceptor: Uint8Array } {
  const helloEnd = 2 + Buffer.from(bytes).readUInt16BE()
  return { helloOfAcceptor: bytes.slice(0, helloEnd), proofOfAcceptor: bytes.slice(helloEnd) }
}

type Word = keyof typeof said | 'start' | 'expire' | 'closed'

const legal: Record<'dialer' | 'acceptor', Word[]> = {
  dialer: ['start', 'helloOfAcceptor', 'proofOfAcceptor', 'ok'],
  acceptor: ['start', 'helloOfDialer', 'proofOfDialer'],
}
const words: Word[] = [...(Object.keys(said) as Word[]), 'start', 'expire', 'closed']

function inputOf(word: Word): Input {
  return word === 'start' || word === 'expire' || word === 'closed'
    ? { kind: word }
    : { kind: 'bytes', bytes: said[word] }
}

function drive(role: 'dialer' | 'acceptor', inputs: Input[]): Effect[] {
  const state = createHandshake(configs[role]())
  return inputs.flatMap(input => step(state, input, now))
}

test('random bytes are never thrown at and never accepted', () => {
  const garbage = fc.uint8Array({ maxLength: 200 })
  const shaped = fc.tuple(fc.constantFrom(1, 2, 3, 4), garbage)
  const chunk = fc.oneof(
    garbage,
    shaped.map(([type, rest]) => frameMessage(Buffer.concat([Buffer.of(type, 3), rest]))),
  )
  return fuzz('handshakes at random', fc.tuple(side, fc.array(chunk, { maxLength: 6 })), ([role, chunks]) => {
    const effects = drive(role, [{ kind: 'start' }, ...chunks.map(bytes => ({ kind: 'bytes', bytes }) as const)])
    expect(effects.some(effect => effect.kind === 'done')).toBe(false)
    expect(effects.filter(effect => effect.kind === 'failed').length).toBeLessThanOrEqual(1)
    return failedOf(effects) ? 'refused' : 'accepted'
  })
})

test('a recorded conversation that was changed anywhere is never believed', () => {
  const recorded = {
    // What each end hears of the other one.
    dialer: Buffer.concat(good.sent.acceptor),
    acceptor: Buffer.concat(good.sent.dialer),
  }
  const heard = side.chain(role => changed([recorded[role]]).map(bytes => ({ role, bytes })))
  return fuzz('handshakes', fc.tuple(heard, cuts), ([{ role, bytes }, sizes]) => {
    const pieces = cut(bytes, sizes).map(piece => ({ kind: 'bytes', bytes: piece }) as const)
    const isDone = drive(role, [{ kind: 'start' }, ...pieces]).some(effect => effect.kind === 'done')
    // Changes may come to nothing, or come after the end.
    if (isDone) expect(bytes.subarray(0, recorded[role].length).equals(recorded[role])).toBe(true)
    return isDone ? 'accepted' : 'refused'
  })
})

test('of all orders of things that happen only the legal one is accepted', () => {
  const anyOrder = fc.array(fc.constantFrom(...words), { maxLength: 7 })
  const nearlyLegal = (role: 'dialer' | 'acceptor') =>
    fc
      .tuple(fc.nat(4), fc.nat(2), anyOrder)
      .map(([at, without, more]) => legal[role].toSpliced(at, without, ...more.slice(0, 2)))
  const example = side.chain(role =>
    fc.tuple(fc.constant(role), fc.oneof(anyOrder, nearlyLegal(role), fc.constant(legal[role]))),
  )
  fc.assert(
    fc.property(example, ([role, order]) => {
      const effects = drive(role, order.map(inputOf))
      const isLegal = legal[role].every((word, index) => order[index] === word)
      expect(effects.some(effect => effect.kind === 'done')).toBe(isLegal)
      expect(effects.filter(effect => effect.kind === 'failed').length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 2000 },
  )
})

test('what stands in one chunk is judged as if it came in pieces', () => {
  const order = fc.array(fc.constantFrom(...(Object.keys(said) as (keyof typeof said)[])), { maxLength: 5 })
  fc.assert(
    fc.property(side, order, (role, chunk) => {
      const whole = Buffer.concat(chunk.map(word => said[word]))
      const inOne = drive(role, [{ kind: 'start' }, { kind: 'bytes', bytes: whole }])
      const inPieces = drive(role, [{ kind: 'start' }, ...chunk.map(inputOf)])
      expect(failedOf(inOne)).toEqual(failedOf(inPieces))
    }),
    { numRuns: 1000 },
  )
})

function failedOf(effects: Effect[]): boolean {
  return effects.some(effect => effect.kind === 'failed')
}
