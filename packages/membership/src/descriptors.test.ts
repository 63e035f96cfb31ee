import { describe, expect, it } from 'vitest'
import { Descriptors } from './descriptors.ts'
import { createDetector, step } from './detector/state.ts'
import { createHyparview } from './hyparview/state.ts'
import { limits } from './limits.ts'
import type { Peer } from './peer.ts'

const random = { next: () => 0.5 }
const self = { node: 'a@10.0.0.1', creation: 1, endpoints: [] }
const overlay = () => ({
  views: createHyparview(self, {}, 0, random as never),
  detector: createDetector({ self }, 0, random as never),
})

function peerAt(node: string, host: string, creation = 1): Peer {
  return { node, creation, endpoints: [{ host, port: 9100 }] }
}

describe('where peers say that nodes are', () => {
  it('the origin of a walk is found, and what must not be dialed is not', () => {
    const descriptors = new Descriptors(false)
    const origin = peerAt('o@x', '10.0.0.7')
    descriptors.note('b@x', 1, { kind: 'shuffle', origin, id: 1, peers: [peerAt('e@x', '169.254.169.254')], ttl: 1 })
    expect(descriptors.resolve(overlay(), 'o@x')).toEqual(origin.endpoints)
    expect(descriptors.resolve(overlay(), 'e@x')).toBeUndefined()
    expect(descriptors.refused).toBe(1)
    expect(descriptors.resolve(overlay(), 'nobody@x')).toBeUndefined()
  })

  it('who lost a link in a swap is found by who is told to ask it', () => {
    const descriptors = new Descriptors(false)
    const [instead, evicted] = [peerAt('w@x', '10.0.0.8'), peerAt('v@x', '10.0.0.9')]
    descriptors.note('b@x', 1, { kind: 'disconnect', leaves: false, instead })
    const answer = { kind: 'neighborReply', peer: peerAt('b@x', '10.0.0.2'), accepted: true } as const
    descriptors.note('b@x', 1, { ...answer, evicted })
    expect(descriptors.resolve(overlay(), 'w@x')).toEqual(instead.endpoints)
    expect(descriptors.resolve(overlay(), 'v@x')).toEqual(evicted.endpoints)
  })

  it('loopback may be dialed from loopback alone', () => {
    for (const onLoopback of [true, false]) {
      const descriptors = new Descriptors(onLoopback)
      descriptors.note('b@x', 1, { kind: 'join', peer: peerAt('b@x', '127.0.0.1') })
      expect(descriptors.resolve(overlay(), 'b@x') !== undefined).toBe(onLoopback)
    }
  })

  it('words of others do not take the place of what a node has said itself, and neighbours come first', () => {
    const descriptors = new Descriptors(false)
    const [own, lie] = [peerAt('b@x', '10.0.0.2'), peerAt('b@x', '10.0.0.66')]
    descriptors.note('b@x', 1, { kind: 'join', peer: own })
    descriptors.note('c@x', 1, { kind: 'forwardJoin', peer: lie, ttl: 1 })
    const state = overlay()
    state.views.passive.add(lie, 'c@x', 0, random as never)
    expect(descriptors.resolve(state, 'b@x')).toEqual(own.endpoints)
    state.views.active.set('b@x', peerAt('b@x', '10.0.0.3'))
    expect(descriptors.resolve(state, 'b@x')).toEqual([{ host: '10.0.0.3', port: 9100 }])
  })

  it('a member is found by what it said of itself, however far away it is', () => {
    const descriptors = new Descriptors(false)
    const state = overlay()
    const said = { kind: 'alive', ...peerAt('m@x', '10.0.0.4'), incarnation: 0 }
    step(state.detector, { kind: 'verdict', from: 'm@x', creation: 1, verdict: said }, 0, random as never)
    expect(descriptors.resolve(state, 'm@x')).toEqual([{ host: '10.0.0.4', port: 9100 }])
  })

  it('what others say of a later life is tried first, and what the node itself has said right after', () => {
    const descriptors = new Descriptors(false)
    const own = peerAt('b@x', '10.0.0.2')
    const hosts = ['10.0.0.11', '10.0.0.12', '10.0.0.13']
    const later = { ...own, creation: 2, endpoints: hosts.map(host => ({ host, port: 9100 })) }
    descriptors.note('b@x', 1, { kind: 'join', peer: own })
    descriptors.note('c@x', 1, { kind: 'forwardJoin', peer: later, ttl: 1 })
    // Those who have not heard of that life.
    for (const creation of [0, 1]) {
      descriptors.note('d@x', 1, { kind: 'forwardJoin', peer: peerAt('b@x', '10.0.0.66', creation), ttl: 1 })
    }
    const expected = [...later.endpoints.slice(0, 2), ...own.endpoints]
    expect(descriptors.resolve(overlay(), 'b@x')).toEqual(expected)
    const state = overlay()
    state.views.passive.add(peerAt('b@x', '10.0.0.20', 3), 'c@x', 0, random as never)
    expect(descriptors.resolve(state, 'b@x')?.[0]).toEqual({ host: '10.0.0.20', port: 9100 })
    descriptors.note('b@x', 2, { kind: 'join', peer: peerAt('b@x', '10.0.0.11', 2) })
    expect(descriptors.resolve(overlay(), 'b@x')).toEqual([{ host: '10.0.0.11', port: 9100 }])
  })

  it('a contact is where the user says, until it has said itself where it is; then that is tried first', () => {
    const descriptors = new Descriptors(false)
    // On loopback, where no word of a peer leads: the user may.
    const contact = { host: '127.0.0.1', port: 9101 }
    descriptors.addContact({ node: 'b@x', endpoint: contact })
    descriptors.addContact({ node: 'c@x', endpoint: undefined })
    expect(descriptors.resolve(overlay(), 'b@x')).toEqual([contact])
    expect(descriptors.resolve(overlay(), 'c@x')).toBeUndefined()
    descriptors.note('d@x', 1, { kind: 'forwardJoin', peer: peerAt('b@x', '10.0.0.7'), ttl: 1 })
    expect(descriptors.resolve(overlay(), 'b@x')).toEqual([contact, { host: '10.0.0.7', port: 9100 }])
    descriptors.note('b@x', 1, { kind: 'join', peer: peerAt('b@x', '10.0.0.2') })
    expect(descriptors.resolve(overlay(), 'b@x')).toEqual([{ host: '10.0.0.2', port: 9100 }, contact])
    const same = { ...peerAt('b@x', ''), endpoints: [contact], creation: 2 }
    const onLoopback = new Descriptors(true)
    onLoopback.addContact({ node: 'b@x', endpoint: contact })
    onLoopback.note('b@x', 2, { kind: 'join', peer: same })
    expect(onLoopback.resolve(overlay(), 'b@x')).toEqual([contact])
  })

  it('holds a bounded number, the newest ones', () => {
    const descriptors = new Descriptors(false)
    for (let index = 0; index <= limits.descriptorsMax; index++) {
      descriptors.note('b@x', 1, { kind: 'forwardJoin', peer: peerAt(`n${index}@x`, '10.0.0.7'), ttl: 1 })
    }
    expect(descriptors.size).toBe(limits.descriptorsMax)
    expect(descriptors.resolve(overlay(), 'n0@x')).toBeUndefined()
    expect(descriptors.resolve(overlay(), `n${limits.descriptorsMax}@x`)).toBeDefined()
  })
})
