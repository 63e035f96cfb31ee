import { describe, expect, test } from 'vitest'
import { type QuicOptions, resolveOptions } from './options.ts'

test('a value of the user wins over the default', () => {
  expect(resolveOptions({ listenPort: 0 }, undefined)).toMatchObject({ listenPort: 0, address: '0.0.0.0' })
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
    { keepAliveMs: Number.NaN },
  ]
  test.each(wrong)('%o', options => {
    const [option] = Object.keys(options)
    expect(() => resolveOptions(options, undefined)).toThrow(
      expect.objectContaining({ code: 'E_QUIC_OPTION_INVALID', fields: expect.objectContaining({ option }) }),
    )
  })
})
