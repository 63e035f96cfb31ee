import { describe, expect, test } from 'vitest'
import { type QuicOptions, resolveOptions } from './options.ts'

const code = (code: string) => expect.objectContaining({ code })

test('a value of the user wins over the default', () => {
  expect(resolveOptions({ listenPort: 0 }, undefined)).toMatchObject({ listenPort: 0, address: '0.0.0.0' })
})

test('pings are frequent enough for the idle time-out, unless somebody says how frequent they are', () => {
  expect(resolveOptions({}, undefined)).toMatchObject({ idleTimeoutMs: 6_000, keepAliveMs: 2_000 })
  expect(resolveOptions({ idleTimeoutMs: 900 }, undefined).keepAliveMs).toBe(300)
  expect(resolveOptions({ idleTimeoutMs: 60_000 }, undefined).keepAliveMs).toBe(2_000)
  expect(resolveOptions({ idleTimeoutMs: 900, keepAliveMs: 800 }, undefined).keepAliveMs).toBe(800)
})

test('undefined is the default, for every option', () => {
  const names = ['listenPort', 'hidden', 'idleTimeoutMs', 'authTrustMode', 'authEnabled', 'cookieOnlyNodes', 'cookie']
  const undefinedOptions = Object.fromEntries(names.map(name => [name, undefined]))
  expect(resolveOptions(undefinedOptions, 'd')).toEqual(resolveOptions({}, 'd'))
})

test('a value of the user wins over the default for each option, false and 0 included', () => {
  const given: QuicOptions = {
    listenPort: 0,
    address: '::1',
    authKeyDir: 'k',
    quicCertDir: 'c',
    authTrustMode: 'strict',
    authEnabled: false,
    authHandshakeTimeoutMs: 1,
    authTimestampWindowMs: 2,
    dialTimeoutMs: 3,
    idleTimeoutMs: 5,
    keepAliveMs: 4,
    packetBytesMax: 1200,
    queueBytesHigh: 6,
    queueBytesMax: 7,
    hidden: true,
    cookieOnly: true,
    cookie: 'a cookie for the probes',
    authCallback: () => true,
  }
  const { cookie, ...visible } = given
  expect(resolveOptions(given, 'data')).toMatchObject(visible)
  expect(Buffer.from(resolveOptions(given, 'data').cookieOnlyNodes?.cookie ?? []).toString()).toBe(cookie)
})

test('authentication is on, and nobody comes in with a cookie, unless somebody says so', () => {
  const resolved = resolveOptions({}, undefined)
  expect(resolved).toMatchObject({ authEnabled: true, cookieOnly: false, cookieOnlyNodes: undefined })
  expect(resolveOptions({ cookieOnly: true, cookie: 'a cookie for the probes' }, undefined).hidden).toBe(true)
})

test('a callback that is given and is none stops a node with authentication, even undefined', () => {
  for (const authCallback of [undefined, null, 'yes', {}, true]) {
    const options = { authCallback } as unknown as QuicOptions
    expect(() => resolveOptions(options, undefined)).toThrow(code('E_AUTH_CALLBACK_INVALID'))
    expect(() => resolveOptions({ ...options, authEnabled: true }, undefined)).toThrow(code('E_AUTH_CALLBACK_INVALID'))
    if (authCallback === undefined || authCallback === null) {
      expect(resolveOptions({ ...options, authEnabled: false }, undefined).authCallback ?? undefined).toBeUndefined()
    }
  }
})

test('cookieOnlyNodes without a cookie, or with one that can be guessed, stops the node', () => {
  const cookieOnlyNodes = ['probe@*']
  const bad = [undefined, '', 'short', 'x'.repeat(15), 'a'.repeat(40), 'change-me-change-me', 'Change-Me-Change-Me', 7]
  for (const cookie of bad) {
    const options = { cookieOnlyNodes, cookie } as QuicOptions
    expect(() => resolveOptions(options, undefined)).toThrow(code('E_COOKIE_UNFIT'))
  }
  expect(() => resolveOptions({ cookieOnly: true }, undefined)).toThrow(code('E_COOKIE_UNFIT'))
  expect(resolveOptions({ cookieOnlyNodes, cookie: '0f1e2d3c4b5a6978' }, undefined).cookieOnlyNodes).toBeDefined()
  // Bytes are what is counted.
  expect(() => resolveOptions({ cookieOnlyNodes, cookie: 'äöüßabcd' }, undefined)).toThrow(code('E_COOKIE_UNFIT'))
  expect(resolveOptions({ cookieOnlyNodes, cookie: 'äöüßabcdéêèf' }, undefined).cookieOnlyNodes).toBeDefined()
})

test('a star stands for a whole half of a name and for nothing less', () => {
  const cookie = 'a cookie for the probes'
  const allows = (pattern: string, name: string) =>
    resolveOptions({ cookieOnlyNodes: [pattern], cookie }, undefined).cookieOnlyNodes?.allows(name)
  expect(['a@h', 'a@i', 'b@h'].map(name => allows('a@h', name))).toEqual([true, false, false])
  expect(['a@h', 'a@i', 'b@h'].map(name => allows('a@*', name))).toEqual([true, true, false])
  expect(['a@h', 'a@i', 'b@h'].map(name => allows('*@h', name))).toEqual([true, false, true])
  expect(['a@h', 'a@i', 'b@h'].map(name => allows('*@*', name))).toEqual([true, true, true])
  // A dot in a pattern is a dot.
  expect(allows('a@1.2', 'a@1x2')).toBe(false)
  for (const pattern of ['*', 'a', 'pro*@h', 'a@*.h', '**@h', 'a@h@i', '@h', 'a@', '', '../a@h', 'a@h\n', 7]) {
    const options = { cookieOnlyNodes: [pattern], cookie } as QuicOptions
    expect(() => resolveOptions(options, undefined)).toThrow(code('E_QUIC_OPTION_INVALID'))
  }
  const many = { cookieOnlyNodes: Array(257).fill('a@h'), cookie }
  expect(() => resolveOptions(many, undefined)).toThrow(code('E_QUIC_OPTION_INVALID'))
})

test('keys and certificate live in the data folder, unless they have a folder of their own', () => {
  expect(resolveOptions({}, 'data/a')).toMatchObject({ authKeyDir: 'data/a/keys', quicCertDir: 'data/a/quic' })
  expect(resolveOptions({ authKeyDir: 'k' }, 'data/a')).toMatchObject({ authKeyDir: 'k' })
})

test('without a data folder nothing is kept', () => {
  expect(resolveOptions({}, undefined)).toMatchObject({ authKeyDir: undefined, quicCertDir: undefined })
})

describe('a value that makes no sense is refused, naming the option', () => {
  const wrong: QuicOptions[] = [
    { listenPort: -1 },
    { listenPort: 65_536 },
    { listenPort: 1.5 },
    { address: 'localhost' },
    { authTrustMode: 'never' as 'tofu' },
    { packetBytesMax: 100 },
    { idleTimeoutMs: 0 },
    { idleTimeoutMs: 0.5 },
    { idleTimeoutMs: 1e300 },
    { idleTimeoutMs: Number.POSITIVE_INFINITY },
    { keepAliveMs: Number.NaN },
    { keepAliveMs: 6_000 },
    { queueBytesHigh: Number.NaN },
    { queueBytesHigh: -1 },
    { queueBytesMax: 1024 * 1024 - 1 },
    { queueBytesMax: Number.NaN },
    { authTrustmode: 'strict' } as QuicOptions,
    { authEnabled: 'no' as unknown as boolean },
    { hidden: 1 as unknown as boolean },
    { cookieOnly: null as unknown as boolean },
    { cookieOnlyNodes: 'a@h' as unknown as string[] },
  ]
  test.each(wrong)('%o', options => {
    const [option] = Object.keys(options)
    expect(() => resolveOptions(options, undefined)).toThrow(
      expect.objectContaining({ code: 'E_QUIC_OPTION_INVALID', fields: expect.objectContaining({ option }) }),
    )
  })
})
