import { BlockList, isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seamsOf } from '../../test/discovery-seams.ts'
import { limits } from '../limits.ts'
import { dialable, endpointProblem, fitNode, hostProblem, isOnLoopback } from './endpoint-check.ts'

const refuse = () => {}

describe('a host', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'febf::1',
    'ff02::1',
    'fe80::1%eth0',
    '2001:db8::1%eth0',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::224.0.0.1',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
  ])('is never dialed at %s', host => {
    expect(hostProblem(host, false)).toBeTypeOf('string')
    expect(hostProblem(host, true)).toBeTypeOf('string')
  })

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    'localhost',
    'LOCALHOST',
    'a.localhost',
  ])('is dialed at %s by a node on loopback only', host => {
    expect(hostProblem(host, false)).toContain('is loopback')
    expect(hostProblem(host, true)).toBeUndefined()
  })

  test.each([
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '8.8.8.8',
    'fd00::1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    'node-1.example.com',
    '_a.b',
  ])('may be dialed at %s', host => expect(hostProblem(host, false)).toBeUndefined())

  test.each(['127.1', '2130706433', '0x7f000001', '0x7f.1', '010.0.0.1', '1.2.3.4.', 'a.0x7f'])(
    'is not a number in disguise, as %s is',
    host => expect(hostProblem(host, true)).toBeTypeOf('string'),
  )

  test.each([
    undefined,
    7,
    '',
    'a b',
    'a..b',
    '-a',
    'a-',
    '../x',
    'a/b',
    'a:b',
    '[::1]',
    'é',
    'a'.repeat(64),
    `${'a.'.repeat(127)}b`,
  ])('is a name or an address, which %j is not', host => expect(hostProblem(host, true)).toBeTypeOf('string'))

  test('is judged as the subnets of Node judge it, whatever the address', () => {
    const forbidden = new BlockList()
    for (const [net, bits] of [
      ['0.0.0.0', 8],
      ['127.0.0.0', 8],
      ['169.254.0.0', 16],
      ['224.0.0.0', 3],
    ] as const) {
      forbidden.addSubnet(net, bits, 'ipv4')
    }
    for (const [net, bits] of [
      ['::', 128],
      ['::1', 128],
      ['fe80::', 10],
      ['ff00::', 8],
    ] as const) {
      forbidden.addSubnet(net, bits, 'ipv6')
    }
    const four = fc.oneof(
      fc.ipV4(),
      fc
        .tuple(fc.constantFrom('0', '127', '169.254', '223', '224', '239', '255'), fc.ipV4())
        .map(([start, rest]) => [...start.split('.'), ...rest.split('.')].slice(0, 4).join('.')),
    )
    fc.assert(
      fc.property(four, host => {
        expect(hostProblem(host, false) !== undefined).toBe(forbidden.check(host, 'ipv4'))
        // Mapped, it is the same.
        expect(hostProblem(`::ffff:${host}`, false) !== undefined).toBe(forbidden.check(host, 'ipv4'))
      }),
    )
    const groups = fc.array(fc.oneof(fc.constantFrom(0, 0, 1, 0xffff), fc.nat(0xffff)), { minLength: 7, maxLength: 7 })
    const first = fc.oneof(fc.constantFrom(1, 0xfe80, 0xfe7f, 0xfebf, 0xfec0, 0xff00, 0xfeff), fc.nat(0xffff))
    fc.assert(
      fc.property(first, groups, (start, rest) => {
        // What holds an IPv4 address is judged by that.
        fc.pre(start !== 0 && start !== 0x64 && start !== 0x2002)
        const host = [start, ...rest].map(group => group.toString(16)).join(':')
        const short = new URL(`http://[${host}]`).hostname.slice(1, -1)
        for (const form of [host, short, host.toUpperCase()]) {
          expect(hostProblem(form, false) !== undefined).toBe(forbidden.check(form, 'ipv6'))
        }
      }),
    )
  })

  test('is refused or fit to be handed to a resolver, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV6(), fc.ipV4Extended()), text => {
        if (hostProblem(text, false) !== undefined) return
        expect(isIPv4(text) || isIPv6(text) || /^[\w.-]+$/.test(text)).toBe(true)
      }),
    )
  })
})

test.each(['a@127.0.0.1', 'a@localhost', 'a@127.3.2.1'])('%s is on loopback, unless it says otherwise', node => {
  expect(isOnLoopback(seamsOf(node))).toBe(true)
  expect(isOnLoopback(seamsOf(node, { isOnLoopback: false }))).toBe(false)
})

test('a node with another host is not on loopback, unless it says so', () => {
  expect(isOnLoopback(seamsOf('a@10.0.0.1'))).toBe(false)
  expect(isOnLoopback(seamsOf('a@machine'))).toBe(false)
  expect(isOnLoopback(seamsOf('a@machine', { isOnLoopback: true }))).toBe(true)
})

test.each([0, -1, 65_536, 1.5, Number.NaN, '9100', null])('an endpoint has no port %j', port => {
  expect(endpointProblem({ host: '10.0.0.1', port }, false)).toBe('its port is not 1 to 65535')
})

test('of an answer the fit endpoints are taken, without doubles and what else they carry', () => {
  const problems: string[] = []
  const answer = [
    { host: '10.0.0.1', port: 9100, more: 'x' },
    { host: '10.0.0.1', port: 9100 },
    { host: '10.0.0.1' },
    { host: '169.254.169.254', port: 80 },
    null,
    'text',
  ]
  expect(dialable(answer, false, problem => problems.push(problem))).toEqual([
    { host: '10.0.0.1', port: 9100 },
    { host: '10.0.0.1' },
  ])
  expect(problems).toEqual(['169.254.169.254 is link-local', 'it is not an endpoint', 'it is not an endpoint'])
})

test('an endpoint that reads differently the second time is taken as it was checked', () => {
  let reads = 0
  const endpoint = {
    port: 9100,
    get host() {
      return reads++ === 0 ? '10.0.0.1' : '169.254.169.254'
    },
  }
  expect(dialable([endpoint], false, refuse)).toEqual([{ host: '10.0.0.1', port: 9100 }])
})

test('an answer without end is looked at to a bound, and fewer of it are taken', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => ({ host: `10.0.${at >> 8}.${at & 255}`, port: 9100 }))
  expect(dialable(many, false, refuse)).toEqual(many.slice(0, limits.endpointsMax))
  const late = [...Array(limits.answersMax).fill({ host: '0.0.0.0' }), { host: '10.0.0.1' }]
  let refused = 0
  expect(dialable(late, false, () => refused++)).toEqual([])
  expect(refused).toBe(limits.answersMax)
})

test('a node whose endpoints are all refused is not left to its name, and one that gives none is', () => {
  expect(fitNode({ node: 'a@10.0.0.2', endpoints: [{ host: '0.0.0.0' }] }, false, refuse)).toBeUndefined()
  expect(fitNode({ node: 'a@10.0.0.2', endpoints: [] }, false, refuse)).toEqual({ node: 'a@10.0.0.2', endpoints: [] })
  for (const given of [
    { node: 'a@169.254.169.254', endpoints: [] },
    { node: 'a@127.1', endpoints: [] },
    { node: '../a@h', endpoints: [] },
    { node: 7, endpoints: [] },
    { node: 'a@10.0.0.2' },
    undefined,
  ]) {
    expect(fitNode(given, false, refuse)).toBeUndefined()
  }
})
