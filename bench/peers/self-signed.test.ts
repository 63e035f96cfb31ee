import { createPrivateKey, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeSelfSigned } from './self-signed.ts'

test('a certificate is for its name, signed by its own P-256 key, and good today', () => {
  const { certificatePem, privateKeyPem } = makeSelfSigned('localhost')
  const certificate = new X509Certificate(certificatePem)
  const key = createPrivateKey(privateKeyPem)
  expect(certificate.subject).toBe('CN=localhost')
  expect(certificate.checkPrivateKey(key)).toBe(true)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now())
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now())
})
