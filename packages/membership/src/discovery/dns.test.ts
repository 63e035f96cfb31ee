import { describe, expect, test } from 'vitest'
import { ScriptedDns, seamsOf } from '../../test/discovery-seams.ts'
import { limits } from '../limits.ts'
import { type DnsOptions, dns } from './dns.ts'

const service = '_barrel._udp.example.com'
const node = 'a@node-a.example.com'
const host = 'node-a.example.com'

function setUp(options: DnsOptions = {}, name?: string) {
  const seams = seamsOf(name)
  const resolver = new ScriptedDns()
  const backend = dns({ resolver, ...options })(seams)
  /** Asks, and lets time pass until there is an answer. */
  const resolve = async (of = node, ms = 10_000) => {
    let answer: unknown = 'none yet'
    const asked = backend.resolve(of).then(given => {
      answer = given
    })
    for (let waited = 0; waited < ms && answer === 'none yet'; waited += 100) await seams.clock.advance(100)
    await asked
    return answer
  }
  return { seams, resolver, backend, resolve }
}

test('the host of a node is asked for, both families by turns, with the default port', async () => {
  const { resolver, resolve } = setUp()
  resolver.a[host] = ['10.0.0.2', '10.0.0.3', '10.0.0.4']
  resolver.aaaa[host] = ['fd00::2']
  expect(await resolve()).toEqual([
    { host: '10.0.0.2', port: 9100 },
    { host: 'fd00::2', port: 9100 },
    { host: '10.0.0.3', port: 9100 },
    { host: '10.0.0.4', port: 9100 },
  ])
})

test('another default port is taken', async () => {
  const { resolver, resolve } = setUp({ port: 7000 })
  resolver.aaaa[host] = ['fd00::2']
  expect(await resolve()).toEqual([{ host: 'fd00::2', port: 7000 }])
})

test('a node that is named by its address needs no question', async () => {
  const { resolver, backend } = setUp()
  expect(await backend.resolve('a@10.0.0.2')).toEqual([{ host: '10.0.0.2', port: 9100 }])
  expect(resolver.asked).toEqual([])
})

describe('with a service', () => {
  const record = (port: number, priority = 0, weight = 0, target = host) => ({ host: target, port, priority, weight })

  test('the ports are those of the host in its records, the sooner first', async () => {
    const { resolver, resolve } = setUp({ service })
    resolver.a[host] = ['10.0.0.2']
    resolver.srv[service] = [
      record(9103, 2),
      record(9102, 1, 5),
      record(9101, 1, 9, 'Node-A.example.com.'),
      record(9101, 3),
      record(9999, 0, 0, 'node-b.example.com'),
    ]
    expect(await resolve()).toEqual([9101, 9102, 9103].map(port => ({ host: '10.0.0.2', port })))
  })

  test('that has no record for the host the default port is taken', async () => {
    const { resolver, resolve } = setUp({ service })
    resolver.a[host] = ['10.0.0.2']
    resolver.srv[service] = [record(9999, 0, 0, 'node-b.example.com'), record(9998, 0, 0, '.')]
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
  })

  test('its records are asked for once, for all hosts', async () => {
    const { resolver, resolve } = setUp({ service })
    resolver.srv[service] = [record(9101)]
    await resolve()
    await resolve('b@node-b.example.com')
    expect(resolver.asked.filter(question => question.startsWith('SRV'))).toEqual([`SRV ${service}`])
  })

  test.each<[string, unknown]>([
    ['no record at all', [null, 7, 'x', {}]],
    ['a port that is none', [record(0), record(70_000), record(1.5)]],
    ['a host that is none', [{ ...record(9101), host: undefined }]],
    ['no order', [{ ...record(9101), priority: Number.NaN }]],
    ['no list', 'x'],
  ])('a record that is none is passed over: %s', async (_, records) => {
    const { resolver, resolve } = setUp({ service })
    resolver.a[host] = ['10.0.0.2']
    resolver.srv[service] = records as never
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
  })

  test('that is not answered the default port is taken, and the question asked again soon', async () => {
    const { seams, resolver, resolve } = setUp({ service })
    resolver.a[host] = ['10.0.0.2']
    resolver.srv[service] = new Error('SERVFAIL')
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
    resolver.srv[service] = [record(9101)]
    await seams.clock.advance(5_000)
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9101 }])
  })
})

describe('an answer', () => {
  test('is used again until its time is over, for every node of the host', async () => {
    const { seams, resolver, resolve } = setUp()
    resolver.a[host] = ['10.0.0.2']
    await resolve()
    resolver.a[host] = ['10.0.0.3']
    await seams.clock.advance(29_000)
    expect(await resolve('other@NODE-A.example.com')).toEqual([{ host: '10.0.0.2', port: 9100 }])
    expect(resolver.asked).toEqual([`A ${host}`, `AAAA ${host}`])
    await seams.clock.advance(1_000)
    expect(await resolve()).toEqual([{ host: '10.0.0.3', port: 9100 }])
  })

  test('that there is none is used for less long', async () => {
    const { seams, resolver, resolve } = setUp()
    expect(await resolve()).toBeUndefined()
    resolver.a[host] = ['10.0.0.2']
    await seams.clock.advance(4_000)
    expect(await resolve()).toBeUndefined()
    await seams.clock.advance(1_000)
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
  })

  test('of one family is taken where the other fails or hangs, and asked for again soon', async () => {
    for (const fault of [new Error('SERVFAIL'), 'hangs'] as const) {
      const { seams, resolver, resolve } = setUp()
      resolver.a[host] = ['10.0.0.2']
      resolver.aaaa[host] = fault
      expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
      expect(seams.log.events()).toEqual([fault === 'hangs' ? 'dns does not answer' : 'dns failed'])
      resolver.aaaa[host] = ['fd00::2']
      await seams.clock.advance(5_000)
      expect(await resolve()).toHaveLength(2)
    }
  })

  test.each([
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '127.0.0.1',
    'fd00::1',
    'localhost',
    'a.example.com',
    '2130706433',
    '',
    7,
    null,
    { address: '10.0.0.2' },
  ])('with %j for an IPv4 address is refused, and what else is in it is taken', async lie => {
    const { seams, resolver, resolve } = setUp()
    resolver.a[host] = [lie as string, '10.0.0.2']
    expect(await resolve()).toEqual([{ host: '10.0.0.2', port: 9100 }])
    expect(seams.log.events()).toEqual(['dns answer refused'])
  })

  test.each(['::', '::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '::ffff:169.254.169.254', '10.0.0.2', 'x'])(
    'with %j for an IPv6 address is refused',
    async lie => {
      const { resolver, resolve } = setUp()
      resolver.aaaa[host] = [lie]
      expect(await resolve()).toBeUndefined()
    },
  )

  test('leads to loopback for a node on loopback only', async () => {
    const { resolver, resolve } = setUp({}, 'me@127.0.0.1')
    resolver.a[host] = ['127.0.0.1']
    expect(await resolve()).toEqual([{ host: '127.0.0.1', port: 9100 }])
  })

  test('that lies about most addresses hides no port of the others', async () => {
    const { resolver, resolve } = setUp({ service })
    resolver.a[host] = [...Array(9).fill('169.254.169.254'), '10.0.0.2']
    const ports = Array.from({ length: limits.endpointsMax }, (_, at) => 9101 + at)
    resolver.srv[service] = ports.map(port => ({ host, port, priority: 0, weight: 0 }))
    expect(await resolve()).toEqual(ports.map(port => ({ host: '10.0.0.2', port })))
  })

  test('without end is taken to a bound', async () => {
    const { resolver, resolve } = setUp({ service })
    resolver.a[host] = Array.from({ length: 10_000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`)
    resolver.srv[service] = Array.from({ length: 10_000 }, (_, at) => ({ host, port: at + 1, priority: 0, weight: 0 }))
    expect(await resolve()).toHaveLength(limits.endpointsMax)
  })

  test('that is no list is none', async () => {
    const { seams, resolver, resolve } = setUp()
    resolver.a[host] = '10.0.0.2' as never
    expect(await resolve()).toBeUndefined()
    expect(seams.log.events()).toEqual(['dns answer refused'])
  })
})

test('a resolver that throws at once has failed, and leaves no timer', async () => {
  const { seams, resolver, resolve } = setUp()
  resolver.aaaa[host] = ['fd00::2']
  resolver.ipv4 = () => {
    throw new Error('broken')
  }
  expect(await resolve()).toEqual([{ host: 'fd00::2', port: 9100 }])
  expect(seams.log.events()).toEqual(['dns failed'])
  expect(seams.clock.timersCount).toBe(0)
})

test('hosts that nobody dials are not even asked for', async () => {
  const { resolver, backend } = setUp()
  for (const name of ['a@localhost', 'a@127.0.0.1', 'a@127.1', 'a@169.254.169.254', 'a@a..b', '../a@h', 'a']) {
    expect(await backend.resolve(name)).toBeUndefined()
  }
  expect(resolver.asked).toEqual([])
})

test('servers that fail all the time are told of once a minute', async () => {
  const { seams, resolver, resolve } = setUp({ negativeTtlMs: 100 })
  resolver.a[host] = new Error('SERVFAIL')
  for (let second = 0; second < 119; second++) {
    expect(await resolve()).toBeUndefined()
    await seams.clock.advance(900)
  }
  expect(seams.log.lines).toEqual([
    { event: 'dns failed', fields: { name: host, problem: 'SERVFAIL' } },
    { event: 'dns failed', fields: { name: host, problem: 'SERVFAIL', untold: 59 } },
  ])
})

test.each<[string, unknown]>([
  ['a port that is none', { port: 0 }],
  ['a port as a text', { port: '9100' }],
  ['a service without its protocol', { service: 'example.com' }],
  ['a service that is none', { service: 7 }],
  ['a time that is none', { ttlMs: -1 }],
  ['a time without end', { negativeTtlMs: Infinity }],
  ['no number', { timeoutMs: Number.NaN }],
  ['half a resolver', { resolver: { ipv4: async () => [] } }],
  ['a misspelt option', { ttlMS: 5 }],
  ['no object', 'x'],
])('options are refused: %s', (_, options) => {
  expect(() => dns(options as DnsOptions)).toThrow(expect.objectContaining({ code: 'E_DISCOVERY_INVALID' }))
})
