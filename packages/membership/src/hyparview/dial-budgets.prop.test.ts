// What one member can make a node dial by naming others, which may be bystanders.
import { seededRandom } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import type { HyparviewMessage } from './messages.ts'
import { type HyparviewEffect, type HyparviewEvent, step } from './state.ts'
import { given, now, peer, received, viewOf } from './steps.suite.ts'

const isToStranger = (effect: HyparviewEffect) => effect.kind === 'send' && effect.to.startsWith('stranger')

test('a neighbour that names a thousand bystanders in walks has this node dial sixteen, and then one in two seconds', () => {
  const state = viewOf({ active: ['b', 'c'] })
  let dials = 0
  const walk = (at: number, ms: number) => {
    const message = { kind: 'forwardJoin', peer: peer(`stranger${at}`), ttl: 0 } as const
    dials += given(state, received('b', message), ms).filter(isToStranger).length
    // Nobody is there.
    given(state, { kind: 'lost', node: `stranger${at}@sim` }, ms)
  }
  for (let at = 0; at < 1000; at++) walk(at, now)
  expect(dials).toBe(limits.dialsPerMemberMax)
  for (let at = 1000; at < 2000; at++) walk(at, now + (at - 1000) * 10)
  expect(dials).toBe(limits.dialsPerMemberMax + 4)
  expect(state.refused.tooManyDials).toBeGreaterThan(1900)
  // Another neighbour has a budget of its own.
  const message = { kind: 'forwardJoin', peer: peer('stranger'), ttl: 0 } as const
  expect(given(state, received('c', message), now + 10_000).filter(isToStranger)).toHaveLength(1)
})

test('a neighbour that leaves and comes back has no new budget', () => {
  const state = viewOf({ active: ['b'] })
  let dials = 0
  for (let at = 0; at < 100; at++) {
    const message = { kind: 'disconnect', leaves: false, instead: peer(`stranger${at}`) } as const
    dials += given(state, received('b', message)).filter(isToStranger).length
    given(state, { kind: 'lost', node: `stranger${at}@sim` })
    given(state, received('b', { kind: 'join', peer: peer('b') }))
  }
  expect(dials).toBeLessThanOrEqual(limits.dialsPerMemberMax)
})

const members = ['b', 'c', 'd']
const ttl = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) })
const stranger = fc.nat(10_000).map(number => peer(`stranger${number}`))
const strangers = fc.array(stranger, { maxLength: 8 })
const hostile: fc.Arbitrary<HyparviewMessage> = fc.oneof(
  fc.record({ kind: fc.constant('forwardJoin' as const), peer: stranger, ttl }),
  fc.record({ kind: fc.constant('shuffle' as const), origin: stranger, id: fc.nat(9), peers: strangers, ttl }),
  fc.record({ kind: fc.constant('shuffleReply' as const), id: fc.nat(9), peers: strangers }),
  fc.record({ kind: fc.constant('disconnect' as const), leaves: fc.boolean(), instead: stranger }),
)
const joins = (from: string): HyparviewMessage => ({ kind: 'join', peer: peer(from) })
const event = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...members), hostile) },
  { weight: 4, arbitrary: fc.constantFrom(...members).map(from => [from, joins(from)] as const) },
)

test('whatever members say, each has this node dial no more strangers than its budget allows', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.tuple(event, fc.nat(10)), { minLength: 300, maxLength: 600 }),
      (seed, said) => {
        const random = seededRandom(seed)
        const state = viewOf({ active: members })
        let ms = now
        let dials = 0
        const give = (event: HyparviewEvent) => {
          for (const effect of step(state, event, ms, random)) {
            if (!isToStranger(effect)) continue
            dials++
            waiting.push((effect as { to: string }).to)
          }
        }
        const waiting: string[] = []
        for (const [[from, message], waitMs] of said) {
          ms += waitMs
          give(received(from, message))
          // Nobody is there; and what comes round has its turn.
          for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) give({ kind: 'lost', node })
          give({ kind: 'tick' })
        }
        const each = limits.dialsPerMemberMax + (ms - now) / limits.dialEveryMs
        expect(dials).toBeLessThanOrEqual(members.length * each)
      },
    ),
    { numRuns: 100 },
  )
})
