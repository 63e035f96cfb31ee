/**
 * Makes the one kind of certificate that nodes show each other. Imported only when one is made: the ASN.1
 * library costs start-up time. It only ever writes DER; what peers send is read by node:crypto and QUIC.
 */
import { createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Entropy } from '@barrel-actors/runtime'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as x509 from '@peculiar/asn1-x509'
import { pemOf } from './pem.ts'

export interface SelfSigned {
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** SHA-256 of the certificate's DER. */
  readonly hash: Uint8Array
}

const dayMs = 86_400_000
const commonName = 'barrel-actors'
const validityYears = 10
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'
const commonNameType = '2.5.4.3'

/** A new ECDSA P-256 key and a certificate for it, good from a day before `wallMs` on. */
export async function makeSelfSigned(entropy: Entropy, wallMs: number): Promise<SelfSigned> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  const tbsCertificate = describe(publicKey, entropy, wallMs)
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: tbsCertificate.signature,
    signatureValue: bufferOf(sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey)),
  })
  const der = Buffer.from(AsnConvert.serialize(certificate))
  return {
    certificatePem: pemOf('CERTIFICATE', der),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    hash: new Uint8Array(createHash('sha256').update(der).digest()),
  }
}

function describe(publicKey: KeyObject, entropy: Entropy, wallMs: number): x509.TBSCertificate {
  // The same for every node: a certificate must not tell a stranger which node this is.
  const name = new x509.Name([
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({
        type: commonNameType,
        value: new x509.AttributeValue({ utf8String: commonName }),
      }),
    ]),
  ])
  const notAfter = new Date(wallMs)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + validityYears)
  return new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(entropy),
    signature: new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 }),
    issuer: name,
    // A day back: the clock of a peer may be behind ours.
    validity: new x509.Validity({ notBefore: new Date(wallMs - dayMs), notAfter }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(
      publicKey.export({ format: 'der', type: 'spki' }),
      x509.SubjectPublicKeyInfo,
    ),
    extensions: new x509.Extensions([
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
      extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
      extension(
        x509.id_ce_extKeyUsage,
        false,
        new x509.ExtendedKeyUsage([x509.id_kp_serverAuth, x509.id_kp_clientAuth]),
      ),
    ]),
  })
}

function extension(type: string, critical: boolean, value: unknown): x509.Extension {
  return new x509.Extension({ extnID: type, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

// DER wants an integer without needless leading bytes, X.509 a positive one: the two highest bits are fixed,
// which makes a number of 127 bits.
function serialNumber(entropy: Entropy): ArrayBuffer {
  const bytes = entropy.bytes(16)
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40
  return bufferOf(bytes)
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
