import { expect, test } from 'vitest'
import { givenOptions, unknownOption } from './given-options.ts'

const names = ['listenPort', 'address', 'authKeyDir', 'idleTimeoutMs', 'idleChannelMs', 'hidden']

test('what is undefined is not given, and null, 0 and false are', () => {
  expect(givenOptions({ a: undefined, b: null, c: 0, d: false })).toEqual({ b: null, c: 0, d: false })
  expect(Object.keys(givenOptions({ a: undefined }))).toEqual([])
})

test.each([
  ['listenport', 'listenPort'],
  ['listen_port', 'listenPort'],
  ['port', undefined],
  ['adress', 'address'],
  ['Address', 'address'],
  ['idleTimeout', 'idleTimeoutMs'],
  ['idleChanelMs', 'idleChannelMs'],
  ['hiden', 'hidden'],
  ['constructor', undefined],
  ['__proto_', undefined],
  ['x'.repeat(100_000), undefined],
])('%s is told to be %s', (option, meant) => {
  const problem = meant === undefined ? 'there is no such option' : `there is no such option; did you mean ${meant}`
  expect(unknownOption({ hidden: true, [option]: undefined }, names)).toEqual({ option, problem })
})

test('names that options have are fine', () => {
  expect(unknownOption({ listenPort: 1, hidden: undefined }, names)).toBeUndefined()
  expect(unknownOption({}, [])).toBeUndefined()
})
