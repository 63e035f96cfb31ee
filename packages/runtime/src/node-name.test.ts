import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCode } from './errors.ts'
import { checkNodeName, hostOf, nodeNameProblem, parseAddress, parseEndpoint } from './node-name.ts'

function refused(code: string, act: () => unknown): boolean {
  try {
    act()
    return false
  } catch (error) {
    return hasCode(error, code)
  }
}

test.each(['a@h', 'nonode@nohost', 'seed-1@10.0.0.1', 'A_b.c@host.example.org', '_x@1'])('%s is a node name', name => {
  expect(nodeNameProblem(name)).toBeUndefined()
  expect(checkNodeName(name)).toBe(name)
})

test.each([
  '',
  '@',
  'a',
  'a@',
  '@h',
  'a@b@c',
  '../a@h',
  'a@../h',
  'a/b@h',
  'a\\b@h',
  '.a@h',
  'a@.h',
  '-a@h',
  'a@-h',
  'a b@h',
  'a@h ',
  'a@h\n',
  '\u0000a@h',
  'a\u001b[2J@h',
  'ä@h',
  'a@h:1',
  'a@[::1]',
  `${'a'.repeat(254)}@h`,
])('%j is refused as a node name', name => {
  expect(nodeNameProblem(name)).toBeTypeOf('string')
  expect(refused('E_NODE_NAME_INVALID', () => checkNodeName(name))).toBe(true)
})

test('what is not a string is no node name', () => {
  for (const name of [undefined, null, 5, {}, ['a@h'], Object.create(null)]) {
    expect(refused('E_NODE_NAME_INVALID', () => checkNodeName(name))).toBe(true)
  }
})

test('a name is accepted exactly when it is two safe parts around one @, of at most 255 characters', () => {
  const awkward = fc.constantFrom('a', '0', '@', '.', '-', '_', '/', '\\', ':', ' ', '\n', '\u0000', '\u001b', '%', 'é')
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: awkward, maxLength: 12 }), fc.string({ unit: 'binary' })), name => {
      const isGood = name.length <= 255 && /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)
      expect(nodeNameProblem(name) === undefined).toBe(isGood && !name.endsWith('\n'))
    }),
    { numRuns: 2000 },
  )
})

test('the host is what follows the @', () => {
  expect(hostOf('seed@10.0.0.1')).toBe('10.0.0.1')
})

test('an address is a node name, with an endpoint where it carries a port', () => {
  expect(parseAddress('a@h')).toEqual({ node: 'a@h', endpoint: undefined })
  expect(parseAddress('a@h:9100')).toEqual({ node: 'a@h', endpoint: { host: 'h', port: 9100 } })
})

test.each(['a@h:', 'a@h:0', 'a@h:65536', 'a@h:-1', 'a@h:1e3', 'a@h:80:90', 'a@h: 80', 'a@h:123456'])(
  '%j has no port that could be meant',
  address => {
    expect(refused('E_ADDRESS_INVALID', () => parseAddress(address))).toBe(true)
  },
)

test('an address with a broken node name is refused as such', () => {
  expect(refused('E_NODE_NAME_INVALID', () => parseAddress('a@b@c:9100'))).toBe(true)
  expect(refused('E_ADDRESS_INVALID', () => parseAddress('h:9100'))).toBe(true)
})

test('an endpoint is a host, with a port where one follows; IPv6 stands in brackets before a port', () => {
  expect(parseEndpoint('10.0.0.1')).toEqual({ host: '10.0.0.1' })
  expect(parseEndpoint('seed.example.org:9100')).toEqual({ host: 'seed.example.org', port: 9100 })
  expect(parseEndpoint('[fe80::1]:9100')).toEqual({ host: 'fe80::1', port: 9100 })
  expect(parseEndpoint('[::1]')).toEqual({ host: '::1' })
})

test.each(['', ':80', '[::1', '[x]:1', 'h:0', 'h:99999', 'h:1:2', 'a b'])('%j is refused as an endpoint', text => {
  expect(refused('E_ADDRESS_INVALID', () => parseEndpoint(text))).toBe(true)
})
