import { expect, test } from 'vitest'
import { isLoopback, partyOf, socketTypeOf, withoutZone, writtenFor } from './address.ts'

test('the kind of socket follows the literal, and a name is no literal', () => {
  expect([socketTypeOf('0.0.0.0'), socketTypeOf('::'), socketTypeOf('localhost')]).toEqual(['udp4', 'udp6', undefined])
})

test('an IPv6 socket writes IPv4 addresses as mapped ones, an IPv4 socket reaches no IPv6', () => {
  expect(writtenFor('udp4', '10.0.0.1')).toBe('10.0.0.1')
  expect(writtenFor('udp6', '10.0.0.1')).toBe('::ffff:10.0.0.1')
  expect(writtenFor('udp6', '2001:db8::1')).toBe('2001:db8::1')
  expect(writtenFor('udp4', '2001:db8::1')).toBeUndefined()
  expect(writtenFor('udp4', 'example.org')).toBeUndefined()
})

test('loopback is known in every way it is written', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
  expect(['10.0.0.1', '::2', '128.0.0.1', '::ffff:10.0.0.1'].some(isLoopback)).toBe(false)
})

test('a zone is cut off', () => {
  expect([withoutZone('fe80::1%eth0'), withoutZone('fe80::1')]).toEqual(['fe80::1', 'fe80::1'])
})

test('addresses of one IPv6 network are one party, IPv4 addresses one each', () => {
  expect(partyOf('10.0.0.1')).toBe('10.0.0.1')
  expect(partyOf('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1')
  expect(partyOf('2001:db8:1:2:3:4:5:6')).toBe(partyOf('2001:db8:1:2::9'))
  expect(partyOf('2001:db8:1:2::9')).not.toBe(partyOf('2001:db8:1:3::9'))
  expect(partyOf('fe80::1%eth0')).toBe(partyOf('fe80::2'))
})
