import { seededRandom } from '@barrel-actors/simulation'
import { describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import type { HyparviewMessage } from './messages.ts'
import { hyparviewDefaults } from './options.ts'
import {
  accepted,
  actives,
  check,
  disconnect,
  down,
  given,
  joined,
  neighbor,
  now,
  passives,
  peer,
  received,
  refused,
  self,
  send,
  up,
  viewOf,
} from './steps.suite.ts'

describe('joining', () => {
  test('the contact is asked, and is a neighbour once it has answered', () => {
    const state = viewOf()
    expect(given(state, { kind: 'join', contact: 'b@sim' })).toEqual([send('b', { kind: 'join', peer: self })])
    expect(actives(state)).toEqual([])
    const reply: HyparviewMessage = { kind: 'neighborReply', peer: peer('b'), accepted: true }
    expect(given(state, received('b', reply))).toEqual([up('b'), joined])
    expect([actives(state), state.pending.size]).toEqual([['b'], 0])
  })

  test('joining oneself, a neighbour, or a contact that is being asked asks nobody', () => {
    const state = viewOf({ active: ['b'] })
    expect(given(state, { kind: 'join', contact: self.node })).toEqual([])
    expect(given(state, { kind: 'join', contact: 'b@sim' })).toEqual([])
    given(state, { kind: 'join', contact: 'c@sim' })
    expect(given(state, { kind: 'join', contact: 'c@sim' })).toEqual([])
  })

  test('a full active view still takes a joiner, tells the one it drops, and sends the others on a walk', () => {
    const state = viewOf({ active: ['b', 'c'], activeViewMax: 2 })
    const effects = given(state, received('d', { kind: 'join', peer: peer('d') }))
    const dropped = actives(state).includes('b') ? 'c' : 'b'
    const kept = dropped === 'b' ? 'c' : 'b'
    expect(effects).toEqual([
      send('d', { ...accepted, evicted: peer(dropped) } as HyparviewMessage),
      send(dropped, disconnect),
      down(dropped, 'evicted'),
      up('d'),
      send(kept, { kind: 'forwardJoin', peer: peer('d'), ttl: hyparviewDefaults.activeWalkLength }),
    ])
    expect([actives(state), passives(state)]).toEqual([['d', kept].sort(), [dropped]])
  })

  test('a member that joins again costs nobody a place', () => {
    const state = viewOf({ active: ['b', 'c'], activeViewMax: 2 })
    given(state, received('b', { kind: 'join', peer: peer('b') }))
    expect(actives(state)).toEqual(['b', 'c'])
    const alone = viewOf({ active: ['b'], activeViewMax: 1 })
    expect(given(alone, received('b', { kind: 'join', peer: peer('b') }))).toEqual([send('b', accepted)])
  })

  test.each([false, true])('who gave up its link a moment ago evicts nobody by joining again (it left: %s)', leaves => {
    const state = viewOf({ active: ['b', 'c'], activeViewMax: 2, isGone: node => leaves && node === 'b@sim' })
    given(state, received('b', { kind: 'disconnect', leaves }))
    given(state, received('d', { kind: 'join', peer: peer('d') }))
    expect(given(state, received('b', { kind: 'join', peer: peer('b') }))[0]).toEqual(send('b', refused))
    expect(given(state, received('b', neighbor('high', peer('b'))))[0]).toEqual(send('b', refused))
    expect(actives(state)).toEqual(['c', 'd'])
    const [answer] = given(state, received('b', { kind: 'join', peer: peer('b') }), now + 5_000)
    expect(answer).toMatchObject({ message: { kind: 'neighborReply', accepted: true } })
  })

  test('of those who gave up a link only so many are remembered', () => {
    const state = viewOf({ activeViewMax: 1 })
    for (let at = 0; at < limits.restingMax + 9; at++) {
      given(state, received(`n${at}`, neighbor('low', peer(`n${at}`))))
      given(state, received(`n${at}`, { kind: 'disconnect', leaves: true }))
    }
    expect(state.resting.size).toBe(limits.restingMax)
    expect(state.resting.has(`n${limits.restingMax + 8}@sim`)).toBe(true)
  })
})

describe('a walk', () => {
  const walk = (ttl: number): HyparviewMessage => ({ kind: 'forwardJoin', peer: peer('n'), ttl })

  test('goes on to another neighbour, one hop less', () => {
    const state = viewOf({ active: ['b', 'c'] })
    expect(given(state, received('b', walk(5)))).toEqual([send('c', walk(4))])
    expect(passives(state)).toEqual([])
  })

  test('leaves the newcomer in the passive view where its time says so', () => {
    const state = viewOf({ active: ['b', 'c'] })
    expect(given(state, received('b', walk(hyparviewDefaults.passiveWalkLength)))).toEqual([send('c', walk(2))])
    expect(passives(state)).toEqual(['n'])
  })

  test('ends with a request to the newcomer', () => {
    for (const [active, ttl] of [
      [['b', 'c'], 0],
      [['b'], 4],
    ] as const) {
      const state = viewOf({ active: [...active] })
      expect(given(state, received('b', walk(ttl)))).toEqual([send('n', neighbor('low'))])
    }
  })

  test('for newcomers without end leaves no more requests than there is room for', () => {
    const state = viewOf({ active: ['b'] })
    for (let count = 0; count < 100; count++) {
      given(state, received('b', { kind: 'forwardJoin', peer: peer(`n${count}`), ttl: 0 }))
    }
    expect(state.pending.size).toBe(limits.pendingMax)
  })

  test('never asks for a link that is there, nor the newcomer about itself', () => {
    const state = viewOf({ active: ['b', 'n'] })
    expect(given(state, received('b', walk(0)))).toEqual([])
    expect(given(state, received('b', { kind: 'forwardJoin', peer: self, ttl: 0 }))).toEqual([])
  })

  test('takes no more hops than ours do, whatever it says', () => {
    const state = viewOf({ active: ['b', 'c'] })
    const effects = given(state, received('b', walk(limits.ttlMax)))
    expect(effects).toEqual([send('c', walk(hyparviewDefaults.activeWalkLength - 1))])
  })

  test('from a node that is no neighbour ends there', () => {
    const state = viewOf({ active: ['b', 'c'] })
    expect(given(state, received('x', walk(0)))).toEqual([])
    expect(state.refused.notNeighbor).toBe(1)
  })
})

describe('a request for a link', () => {
  test('of low priority is granted where there is room, and refused in a view that is full, which looks after itself', () => {
    const state = viewOf({ active: ['b'], activeViewMax: 2 })
    expect(given(state, received('c', neighbor('low', peer('c'))))).toEqual([send('c', accepted), up('c')])
    expect(given(state, received('d', neighbor('low', peer('d'))))).toEqual([
      send('d', refused),
      send('b', check),
      send('c', check),
    ])
    expect(given(state, received('e', neighbor('low', peer('e'))))).toEqual([send('e', refused)])
    expect([actives(state), passives(state)]).toEqual([
      ['b', 'c'],
      ['d', 'e'],
    ])
  })

  test('of high priority is granted in place of another', () => {
    const state = viewOf({ active: ['b'], activeViewMax: 1 })
    expect(given(state, received('c', neighbor('high', peer('c'))))).toEqual([
      send('c', { ...accepted, evicted: peer('b') } as HyparviewMessage),
      send('b', disconnect),
      down('b', 'evicted'),
      up('c'),
    ])
  })

  test('places that are asked for are taken', () => {
    const state = viewOf({ active: ['b'], passive: ['c'], activeViewMax: 2 })
    given(state, { kind: 'lost', node: 'b@sim' })
    given(state, received('d', neighbor('low', peer('d'))))
    expect(state.pending.size).toBe(1)
    expect(given(state, received('e', neighbor('low', peer('e'))))[0]).toEqual(send('e', refused))
  })

  test('is granted to who is asked at the same time, and the crossing answer changes nothing', () => {
    const state = viewOf({ active: ['b'], passive: ['c'], activeViewMax: 1 })
    given(state, received('b', disconnect))
    expect([...state.pending.keys()]).toEqual(['c@sim'])
    expect(given(state, received('c', neighbor('low', peer('c'))))).toEqual([send('c', accepted), up('c')])
    const reply: HyparviewMessage = { kind: 'neighborReply', peer: peer('c'), accepted: true }
    expect(given(state, received('c', reply))).toEqual([])
    expect(actives(state)).toEqual(['c'])
  })

  test('that was refused goes to the next, and the one that refused is left alone for a while', () => {
    const state = viewOf({ active: ['x'], passive: ['b', 'c'], activeViewMax: 1 })
    const [asked] = given(state, { kind: 'lost', node: 'x@sim' }).filter(({ kind }) => kind === 'send')
    const first = (asked as { to: string }).to.replace('@sim', '')
    const other = first === 'b' ? 'c' : 'b'
    const no = (name: string): HyparviewMessage => ({ kind: 'neighborReply', peer: peer(name), accepted: false })
    expect(given(state, received(first, no(first)))).toEqual([send(other, neighbor('high'))])
    expect(given(state, received(other, no(other)))).toEqual([])
    expect(passives(state)).toEqual(['b', 'c'])
  })

  test('is made to a few only in a cycle where all refuse, unless there is no neighbour left', () => {
    const passive = Array.from({ length: 9 }, (_, at) => `p${at}`)
    const asks = (active: readonly string[]) => {
      const state = viewOf({ active, passive, activeViewMax: active.length })
      let asked = 0
      let effects = given(state, { kind: 'lost', node: 'x@sim' })
      for (;;) {
        const request = effects.find(effect => effect.kind === 'send' && effect.message.kind === 'neighbor')
        if (request?.kind !== 'send') return asked
        asked++
        const name = request.to.replace('@sim', '')
        effects = given(state, received(name, { kind: 'neighborReply', peer: peer(name), accepted: false }))
      }
    }
    expect([asks(['x', 'y']), asks(['x'])]).toEqual([5, 9])
  })

  test('whose answer comes after its backstop is taken back', () => {
    const state = viewOf({ active: ['x'], passive: ['b'] })
    given(state, { kind: 'lost', node: 'x@sim' })
    const late = now + hyparviewDefaults.pendingMsMax
    expect(given(state, { kind: 'tick' }, late)).toEqual([])
    expect([state.pending.size, state.pendingExpired]).toEqual([0, 1])
    const reply: HyparviewMessage = { kind: 'neighborReply', peer: peer('b'), accepted: true }
    expect(given(state, received('b', reply), late)).toEqual([send('b', disconnect)])
    expect(state.refused.notAsked).toBe(1)
  })

  test('for a hole that is filled meanwhile is taken back, and costs nobody a place', () => {
    const state = viewOf({ active: ['x'], passive: ['b'], activeViewMax: 1 })
    given(state, { kind: 'lost', node: 'x@sim' })
    given(state, received('c', neighbor('high', peer('c'))))
    const reply: HyparviewMessage = { kind: 'neighborReply', peer: peer('b'), accepted: true }
    expect(given(state, received('b', reply))).toEqual([send('b', disconnect)])
    expect(actives(state)).toEqual(['c'])
  })
})

test('what a node says of itself must be what it has proved, and nobody is told by itself', () => {
  const state = viewOf({ active: ['b'] })
  expect(given(state, received('x', { kind: 'join', peer: peer('y') }))).toEqual([])
  expect(given(state, received('x', { kind: 'join', peer: peer('x', 2) }))).toEqual([])
  expect(given(state, received('a', { kind: 'join', peer: self }))).toEqual([])
  expect([state.refused.otherNode, state.refused.self]).toEqual([2, 1])
})
describe('the end of a link', () => {
  test('that was lost is told, the node is remembered as failed, and the hole is filled at once', () => {
    const state = viewOf({ active: ['b', 'c'], passive: ['d'], activeViewMax: 2 })
    expect(given(state, { kind: 'lost', node: 'b@sim' })).toEqual([down('b', 'lost'), send('d', neighbor('low'))])
    expect(state.failed.get('b@sim')).toEqual(peer('b'))
  })

  test('that the other end gave up is filled at once, and the node stays in reserve', () => {
    const state = viewOf({ active: ['b', 'c'], passive: ['d'], activeViewMax: 2 })
    expect(given(state, received('b', disconnect))).toEqual([down('b', 'disconnected'), send('d', neighbor('low'))])
    expect(passives(state)).toEqual(['b', 'd'])
  })

  test('that was given up for another is made good by asking who lost its link there', () => {
    const state = viewOf({ active: ['b', 'c'], passive: ['d'], activeViewMax: 2 })
    const effects = given(state, received('b', { kind: 'disconnect', leaves: false, instead: peer('w') }))
    expect(effects).toEqual([down('b', 'disconnected'), send('w', neighbor('low'))])
    for (const instead of [self, peer('c')]) {
      const again = viewOf({ active: ['b', 'c'], activeViewMax: 2 })
      const message: HyparviewMessage = { kind: 'disconnect', leaves: false, instead }
      expect(given(again, received('b', message))).toEqual([down('b', 'disconnected')])
    }
  })

  test('with a node that leaves leaves no trace of it', () => {
    const state = viewOf({ active: ['b'] })
    expect(given(state, received('b', { kind: 'disconnect', leaves: true }))).toEqual([down('b', 'left')])
    expect([passives(state), state.failed.size]).toEqual([[], 0])
  })

  test('whoever cannot be reached is no reserve, and the next is asked', () => {
    const state = viewOf({ active: ['x'], passive: ['b', 'c'], activeViewMax: 1 })
    given(state, { kind: 'lost', node: 'x@sim' })
    const [first] = [...state.pending.keys()] as [string]
    const effects = given(state, { kind: 'lost', node: first })
    expect(effects).toEqual([send(first === 'b@sim' ? 'c' : 'b', neighbor('high'))])
    expect(state.passive.get(first)).toBeUndefined()
  })
})

test('a node that holds a link alone is told so', () => {
  const state = viewOf({ active: ['b'] })
  expect(given(state, received('b', check))).toEqual([])
  expect(given(state, received('c', check))).toEqual([send('c', disconnect)])
})

describe('another life', () => {
  test('takes the place of the earlier one, with one end and one beginning', () => {
    const state = viewOf({ active: ['b'] })
    const effects = given(state, received('b', neighbor('high', peer('b', 2)), 2))
    expect(effects).toEqual([down('b', 'restarted'), send('b', accepted), up('b', 2)])
  })

  test('that is over says nothing any more', () => {
    const state = viewOf()
    state.active.set('b@sim', peer('b', 2))
    expect(given(state, received('b', disconnect, 1))).toEqual([])
    expect([actives(state), state.refused.earlierLife]).toEqual([['b'], 1])
  })

  test('in the passive view the latest one counts', () => {
    const state = viewOf({ passive: ['b'] })
    state.passive.add(peer('b', 3), 'c@sim', now, seededRandom(1))
    state.passive.add(peer('b', 2), 'c@sim', now, seededRandom(1))
    expect(state.passive.get('b@sim')?.creation).toBe(3)
  })
})

describe('leaving', () => {
  test('tells the neighbours, ends every link, and stays so until the next join', () => {
    const state = viewOf({ active: ['b', 'c'], passive: ['d'], seeds: ['b'] })
    expect(given(state, { kind: 'leave' })).toEqual([
      send('b', { kind: 'disconnect', leaves: true }),
      down('b', 'left'),
      send('c', { kind: 'disconnect', leaves: true }),
      down('c', 'left'),
      { kind: 'left' },
    ])
    expect(given(state, { kind: 'leave' })).toEqual([])
    for (const kind of ['join', 'probe'] as const)
      expect(given(state, received('e', { kind, peer: peer('e') }))).toEqual([
        send('e', { kind: 'disconnect', leaves: true }),
      ])
    expect(given(state, received('e', neighbor('high', peer('e'))))).toEqual([
      send('e', { kind: 'disconnect', leaves: true }),
    ])
    expect(given(state, received('e', { kind: 'forwardJoin', peer: peer('f'), ttl: 1 }))).toEqual([])
    expect(given(state, received('b', check))).toEqual([send('b', { kind: 'disconnect', leaves: true })])
    expect(given(state, { kind: 'tick' }, state.nextCycleMs)).toEqual([])
    expect([actives(state), passives(state), state.refused.notIn]).toEqual([[], [], 4])
    expect(given(state, { kind: 'join', contact: 'b@sim' })).toEqual([send('b', { kind: 'join', peer: self })])
  })
})
