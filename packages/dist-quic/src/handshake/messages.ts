/**
 * What the two ends of a handshake say, byte for byte. All numbers are big-endian; on the stream each message
 * stands behind its length in two bytes. Nothing here throws on what a peer sent.
 */
import { type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { copyBytes, readInteger } from '../identity/fields.ts'
import { keyBytes, signatureBytes } from '../identity/keys.ts'
import type { Statement, Succession } from '../identity/succession.ts'
import { limits } from '../limits.ts'

/** The only version this node speaks. There is no negotiation, hence nothing to downgrade. */
export const handshakeVersion = 4

export const nonceBytes = 32
export const hashBytes = 32
export const macBytes = 32

export type Role = 'dialer' | 'acceptor'

/** Who the sender is, and what the proof of the other end must cover to be fresh. */
export interface Hello {
  readonly kind: 'hello'
  readonly role: Role
  /** Whether the sender wants to be left out of the cluster's views. */
  readonly hidden: boolean
  /** A dialer that has no key and proves with the shared cookie. It is hidden, and its key is all zeros. */
  readonly cookieOnly: boolean
  readonly creation: number
  readonly nonce: Uint8Array
  /** The sender's wall clock, in milliseconds. */
  readonly wallMs: number
  readonly publicKey: Uint8Array
  readonly name: NodeName
  /** The node that the sender believes to talk to: for a dialer the one it dialed. */
  readonly dialedName: NodeName
  /** How older keys of the sender gave way to the one it shows. */
  readonly succession: Succession
  /** The sender's member certificate, undecoded; empty where it has none. */
  readonly memberCertificate: Uint8Array
}

/** The sender's signature over the transcript. */
export interface Proof {
  readonly kind: 'proof'
  readonly signature: Uint8Array
}

/** What a cookie-only dialer says in place of a proof. */
export interface CookieProof {
  readonly kind: 'cookieProof'
  readonly mac: Uint8Array
}

/** The acceptor believes the dialer. */
export interface Ok {
  readonly kind: 'ok'
}

/** The acceptor does not, and says why in lower-case letters and hyphens. */
export interface Fail {
  readonly kind: 'fail'
  readonly reason: string
}

export type Message = Hello | Proof | CookieProof | Ok | Fail

/** On the wire. Append only: a number, once released, keeps its meaning. */
export const messageType = { hello: 1, proof: 2, ok: 3, fail: 4, cookieProof: 5 } as const

/** On the wire. Append only. */
const roleNumber = { dialer: 1, acceptor: 2 } as const

const lengthBytes = 2
/** On the wire. Append only. */
const flag = { hidden: 1, cookieOnly: 2 } as const
const reasonPattern = /^[a-z][a-z-]*$/

// HELLO: type 1, version 1, role 1, flags 1, creation 8, wall clock 8, nonce 32, key 32, then both names, each
// behind its length in one byte, then the count of statements in one byte, and each statement, then the member
// certificate behind its length in two bytes.
const helloOffset = { version: 1, role: 2, flags: 3, creation: 4, wallMs: 12, nonce: 20, publicKey: 52, names: 84 }

// A statement: serial number 8, old key 32, signature 64.
const statementOffset = { oldKey: 8, signature: 40 }
const statementBytes = 104

const certificateLengthBytes = 2

/** The message without its length. */
export function encodeMessage(message: Message): Uint8Array {
  switch (message.kind) {
    case 'hello':
      return encodeHello(message)
    case 'proof':
      return Buffer.concat([Buffer.of(messageType.proof), message.signature])
    case 'cookieProof':
      return Buffer.concat([Buffer.of(messageType.cookieProof), message.mac])
    case 'ok':
      return Buffer.of(messageType.ok)
    case 'fail':
      return Buffer.concat([Buffer.of(messageType.fail, message.reason.length), Buffer.from(message.reason, 'latin1')])
    default:
      return message satisfies never
  }
}

/** Puts the length before a message. */
export function frameMessage(bytes: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(lengthBytes + bytes.length)
  framed.writeUInt16BE(bytes.length)
  framed.set(bytes, lengthBytes)
  return framed
}

/** The message, or what is wrong with the bytes. Copies what it keeps. */
export function decodeMessage(bytes: Uint8Array): Message | string {
  const view = Buffer.from(bytes)
  switch (view[0]) {
    case messageType.hello:
      return decodeHello(view)
    case messageType.proof:
      if (view.length !== 1 + signatureBytes) return 'a proof of the wrong length'
      return { kind: 'proof', signature: copyBytes(view, 1, signatureBytes) }
    case messageType.cookieProof:
      if (view.length !== 1 + macBytes) return 'a cookie proof of the wrong length'
      return { kind: 'cookieProof', mac: copyBytes(view, 1, macBytes) }
    case messageType.ok:
      return view.length === 1 ? { kind: 'ok' } : 'an ok with something behind it'
    case messageType.fail:
      return decodeFail(view)
    case undefined:
      return 'an empty message'
    default:
      return `a message of the unknown type ${view[0]}`
  }
}

function encodeHello(hello: Hello): Uint8Array {
  const { name, dialedName, succession, memberCertificate } = hello
  const bytes = Buffer.alloc(helloBytes(hello))
  bytes[0] = messageType.hello
  bytes[helloOffset.version] = handshakeVersion
  bytes[helloOffset.role] = roleNumber[hello.role]
  bytes[helloOffset.flags] = (hello.hidden ? flag.hidden : 0) | (hello.cookieOnly ? flag.cookieOnly : 0)
  bytes.writeBigUInt64BE(BigInt(hello.creation), helloOffset.creation)
  bytes.writeBigUInt64BE(BigInt(hello.wallMs), helloOffset.wallMs)
  bytes.set(hello.nonce, helloOffset.nonce)
  bytes.set(hello.publicKey, helloOffset.publicKey)
  let at = writeName(bytes, helloOffset.names, name)
  at = writeName(bytes, at, dialedName)
  bytes[at++] = succession.length
  for (const statement of succession) at = writeStatement(bytes, at, statement)
  bytes.writeUInt16BE(memberCertificate.length, at)
  bytes.set(memberCertificate, at + certificateLengthBytes)
  return bytes
}

function helloBytes({ name, dialedName, succession, memberCertificate }: Hello): number {
  const names = 1 + name.length + 1 + dialedName.length
  return (
    helloOffset.names +
    names +
    1 +
    succession.length * statementBytes +
    certificateLengthBytes +
    memberCertificate.length
  )
}

function writeName(bytes: Buffer, offset: number, name: NodeName): number {
  bytes[offset] = name.length
  bytes.write(name, offset + 1, 'latin1')
  return offset + 1 + name.length
}

function writeStatement(bytes: Buffer, offset: number, { serial, oldKey, signature }: Statement): number {
  bytes.writeBigUInt64BE(BigInt(serial), offset)
  bytes.set(oldKey, offset + statementOffset.oldKey)
  bytes.set(signature, offset + statementOffset.signature)
  return offset + statementBytes
}

function decodeHello(view: Buffer): Hello | string {
  const version = view[helloOffset.version]
  if (version !== handshakeVersion) {
    return `it speaks handshake version ${version ?? 'none'}, this node speaks ${handshakeVersion}`
  }
  if (view.length < helloOffset.names) return 'a hello that is too short'
  const role = roleOf(view[helloOffset.role])
  const flags = flagsOf(view[helloOffset.flags] as number, role)
  if (role === undefined || flags === undefined) return 'a hello with an unknown role or flag'
  const creation = readInteger(view, helloOffset.creation)
  const wallMs = readInteger(view, helloOffset.wallMs)
  if (creation === undefined || wallMs === undefined) return 'a hello with a number that is too large'
  const name = readName(view, helloOffset.names)
  if (name === undefined) return 'a hello without a valid node name'
  const dialedName = readName(view, helloOffset.names + 1 + name.length)
  if (dialedName === undefined) return 'a hello without a valid dialed name'
  const statements = helloOffset.names + 2 + name.length + dialedName.length
  const succession = readSuccession(view, statements)
  if (typeof succession === 'string') return succession
  const memberCertificate = readCertificate(view, statements + 1 + succession.length * statementBytes)
  if (typeof memberCertificate === 'string') return memberCertificate
  const nonce = copyBytes(view, helloOffset.nonce, nonceBytes)
  const publicKey = copyBytes(view, helloOffset.publicKey, keyBytes)
  const hasKey = succession.length > 0 || memberCertificate.length > 0 || publicKey.some(byte => byte !== 0)
  if (flags.cookieOnly && hasKey) return 'a cookie-only hello with a key'
  const own = { creation, nonce, wallMs, publicKey, name, dialedName, succession, memberCertificate }
  return { kind: 'hello', role, ...flags, ...own }
}

// Cookie-only is for dialers that nobody lists. An acceptor with this flag would ask to be believed without a key.
function flagsOf(flags: number, role: Role | undefined): Pick<Hello, 'hidden' | 'cookieOnly'> | undefined {
  const hidden = (flags & flag.hidden) !== 0
  const cookieOnly = (flags & flag.cookieOnly) !== 0
  if ((flags & ~(flag.hidden | flag.cookieOnly)) !== 0) return undefined
  return cookieOnly && !(hidden && role === 'dialer') ? undefined : { hidden, cookieOnly }
}

function readSuccession(view: Buffer, offset: number): Succession | string {
  const count = view[offset]
  if (count === undefined) return 'a hello of the wrong length'
  if (count > limits.successionsMax) return `a hello with ${count} statements of succession`
  const end = offset + 1 + count * statementBytes
  if (view.length < end) return 'a hello of the wrong length'
  const succession: Statement[] = []
  for (let at = offset + 1; at < end; at += statementBytes) {
    const serial = readInteger(view, at)
    if (serial === undefined) return 'a hello with a number that is too large'
    const oldKey = copyBytes(view, at + statementOffset.oldKey, keyBytes)
    succession.push({ serial, oldKey, signature: copyBytes(view, at + statementOffset.signature, signatureBytes) })
  }
  return succession
}

function readCertificate(view: Buffer, offset: number): Uint8Array | string {
  if (view.length < offset + certificateLengthBytes) return 'a hello of the wrong length'
  const length = view.readUInt16BE(offset)
  if (length > limits.memberCertificateBytesMax) return `a hello with a certificate of ${length} bytes`
  const start = offset + certificateLengthBytes
  return view.length === start + length ? copyBytes(view, start, length) : 'a hello of the wrong length'
}

function decodeFail(view: Buffer): Fail | string {
  const length = view[1]
  if (length === undefined || length > limits.failReasonBytesMax || view.length !== 2 + length) {
    return 'a refusal of the wrong length'
  }
  const reason = view.toString('latin1', 2)
  return reasonPattern.test(reason) ? { kind: 'fail', reason } : 'a refusal whose reason is not a word'
}

function roleOf(number: number | undefined): Role | undefined {
  if (number === roleNumber.dialer) return 'dialer'
  return number === roleNumber.acceptor ? 'acceptor' : undefined
}

function readName(view: Buffer, offset: number): NodeName | undefined {
  const length = view[offset]
  if (length === undefined || offset + 1 + length > view.length) return undefined
  // Each byte becomes one character, so that the length of what is accepted is the length that was read.
  const name = view.toString('latin1', offset + 1, offset + 1 + length)
  return nodeNameProblem(name) === undefined ? name : undefined
}

/** The part of a message that has come so far. Never holds more than one message of the largest size. */
export interface Inbox {
  readonly bytes: Uint8Array
  filled: number
}

export function createInbox(): Inbox {
  return { bytes: new Uint8Array(lengthBytes + limits.handshakeMessageBytesMax), filled: 0 }
}

/** How many bytes were taken, and the message where they completed one, or what is wrong with them. */
export interface Cut {
  readonly used: number
  readonly message?: Uint8Array
  readonly problem?: string
}

/** Takes bytes off a stream, up to the end of the message that they belong to. */
export function cutMessage(inbox: Inbox, bytes: Uint8Array): Cut {
  let used = take(inbox, bytes, lengthBytes)
  if (inbox.filled < lengthBytes) return { used }
  const length = ((inbox.bytes[0] as number) << 8) | (inbox.bytes[1] as number)
  // Refused when the length is read, before a byte of the message is kept.
  if (length === 0) return { used, problem: 'an empty message' }
  if (length > limits.handshakeMessageBytesMax) return { used, problem: `a message of ${length} bytes` }
  used += take(inbox, bytes.subarray(used), lengthBytes + length)
  if (inbox.filled < lengthBytes + length) return { used }
  inbox.filled = 0
  return { used, message: inbox.bytes.slice(lengthBytes, lengthBytes + length) }
}

function take(inbox: Inbox, bytes: Uint8Array, until: number): number {
  const part = bytes.subarray(0, Math.max(0, until - inbox.filled))
  inbox.bytes.set(part, inbox.filled)
  inbox.filled += part.length
  return part.length
}
