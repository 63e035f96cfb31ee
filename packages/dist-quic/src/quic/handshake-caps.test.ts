import { expect, test } from 'vitest'
import { HandshakeCaps } from './handshake-caps.ts'

test('one address cannot take the places of all', () => {
  const caps = new HandshakeCaps(3, 2)
  caps.begin('10.0.0.1')
  caps.begin('10.0.0.1')
  expect([caps.mayBegin('10.0.0.1'), caps.mayBegin('10.0.0.2')]).toEqual([false, true])
  caps.begin('10.0.0.2')
  expect(caps.mayBegin('10.0.0.3')).toBe(false)
})

test('what ends makes room', () => {
  const caps = new HandshakeCaps(1, 1)
  caps.begin('10.0.0.1')
  caps.end('10.0.0.1')
  expect([caps.mayBegin('10.0.0.1'), caps.total]).toEqual([true, 0])
})

test('the nodes of this machine, which share an address, have a bound of their own', () => {
  const caps = new HandshakeCaps(9, 1, 2)
  for (const host of ['127.0.0.1', '127.0.0.1', '10.0.0.1']) caps.begin(host)
  expect([caps.mayBegin('127.0.0.1'), caps.mayBegin('10.0.0.1'), caps.mayBegin('10.0.0.2')]).toEqual([
    false,
    false,
    true,
  ])
})

test('nothing is kept of those whose handshakes are over', () => {
  const caps = new HandshakeCaps(9_999, 2)
  for (let party = 0; party < 200; party++) {
    for (let times = 0; times < 2; times++) caps.begin(`10.0.0.${party}`)
    for (let times = 0; times < 2; times++) caps.end(`10.0.0.${party}`)
  }
  expect([caps.total, caps.partiesCount]).toEqual([0, 0])
})
