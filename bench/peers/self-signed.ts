/** A self-signed P-256 certificate for the TLS peer, written as DER by hand: the benchmark needs no library for one. */

import { generateKeyPairSync, sign } from 'node:crypto'

export interface SelfSigned {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

const der = {
  integer: 0x02,
  bitString: 0x03,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
}

const ecdsaWithSha256 = node(der.sequence, node(der.objectId, Buffer.from('2a8648ce3d040302', 'hex')))
const commonName = node(der.objectId, Buffer.from('550403', 'hex'))
const version3 = node(der.context0, node(der.integer, Buffer.from([2])))

export function makeSelfSigned(name: string): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = node(der.sequence, node(der.set, node(der.sequence, commonName, node(der.utf8, Buffer.from(name)))))
  const described = node(
    der.sequence,
    version3,
    node(der.integer, Buffer.from([1])),
    ecdsaWithSha256,
    subject,
    node(der.sequence, time('200101000000Z'), time('491231235959Z')),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
  )
  const signature = node(der.bitString, Buffer.from([0]), sign('sha256', described, privateKey))
  const base64 = node(der.sequence, described, ecdsaWithSha256, signature).toString('base64')
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

function time(text: string): Buffer {
  return node(der.utcTime, Buffer.from(text))
}

/** Tag, length, contents. */
function node(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
