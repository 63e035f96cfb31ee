import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { HandshakeCaps } from './handshake-caps.ts'
import { limits } from './limits.ts'

function capsOf(max: number, perPartyMax: number, loopbackMax: number = perPartyMax) {
  const clock = new VirtualClock()
  const caps = new HandshakeCaps<number>(clock, { max, perPartyMax, loopbackMax })
  let last = 0
  const begin = (host: string): number => {
    last++
    caps.begin(host, last)
    return last
  }
  return { caps, clock, begin }
}

test('one address cannot take the places of all', () => {
  const { caps, begin } = capsOf(3, 2)
  begin('10.0.0.1')
  begin('10.0.0.1')
  expect([caps.mayBegin('10.0.0.1'), caps.mayBegin('10.0.0.2')]).toEqual([false, true])
  begin('10.0.0.2')
  expect(caps.mayBegin('10.0.0.3')).toBe(false)
})

test('what ends makes room, once', () => {
  const { caps, begin } = capsOf(2, 2)
  const first = begin('10.0.0.1')
  begin('10.0.0.1')
  caps.end(first)
  caps.end(first)
  expect([caps.mayBegin('10.0.0.1'), caps.total, caps.partiesCount]).toEqual([true, 1, 1])
})

test('the nodes of this machine, which share an address, have a bound of their own', () => {
  const { caps, begin } = capsOf(9, 1, 2)
  for (const host of ['127.0.0.1', '127.0.0.1', '10.0.0.1']) begin(host)
  const hosts = ['127.0.0.1', '10.0.0.1', '10.0.0.2']
  expect(hosts.map(host => caps.mayBegin(host))).toEqual([false, false, true])
})

test('nothing is kept of those whose handshakes are over', () => {
  const { caps, begin } = capsOf(9_999, 2)
  for (let party = 0; party < 200; party++) {
    const two = [begin(`10.0.0.${party}`), begin(`10.0.0.${party}`)]
    for (const one of two) caps.end(one)
  }
  expect([caps.total, caps.partiesCount]).toEqual([0, 0])
})

test('the one that has been silent for longest gives way, of the same party where that has too many', async () => {
  const { caps, clock, begin } = capsOf(3, 2)
  const [other, one, two] = [begin('10.0.0.2'), begin('10.0.0.1'), begin('10.0.0.1')]
  // Who has only just begun keeps its place.
  expect(caps.silent('10.0.0.1')).toBeUndefined()
  await clock.advance(limits.silentMsMin)
  expect([caps.silent('10.0.0.1'), caps.silent('10.0.0.3')]).toEqual([one, other])
  caps.heard(one)
  caps.heard(other)
  expect([caps.silent('10.0.0.1'), caps.silent('10.0.0.3')]).toEqual([two, two])
  caps.end(two)
  expect(caps.silent('10.0.0.3')).toBeUndefined()
  // One that has no place is passed over.
  caps.heard(two)
  expect(caps.total).toBe(2)
})
