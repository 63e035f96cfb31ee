import { expect, test } from 'vitest'
import { makeCertificate } from '../../test/endpoints.ts'
import { loadNative } from './native.ts'
import { Transports } from './transports.ts'

const [first, second] = [await makeCertificate(), await makeCertificate()]

test('every kind of path shows the certificate of the moment, and a pair that does not fit changes nothing', async () => {
  const transports = new Transports(await loadNative(), { ...first, alpn: 'test/1', idleTimeoutMs: 1_000 }, 65_536)
  const shown = () =>
    [transports.to('10.0.0.1'), transports.to('127.0.0.1'), transports.to('::1'), transports.adapter].map(
      ({ certificateHash }) => Buffer.from(certificateHash).toString('hex'),
    )
  const hashOf = ({ hash }: typeof first) => Buffer.from(hash).toString('hex')
  expect(shown()).toEqual(Array(4).fill(hashOf(first)))
  transports.use(second)
  expect(shown()).toEqual(Array(4).fill(hashOf(second)))
  expect(() => transports.use({ ...first, privateKeyPem: second.privateKeyPem })).toThrow(
    expect.objectContaining({ code: 'E_CERTIFICATE_INVALID' }),
  )
  expect(shown()).toEqual(Array(4).fill(hashOf(second)))
})
