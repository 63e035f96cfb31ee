/**
 * Values to bytes that mean the same anywhere and for ever: MessagePack, which other tools read too. For what many
 * nodes get, and for what is kept on disk; what one node tells another has a quicker format of its own.
 */
import { createRequire } from 'node:module'
import { BarrelError, runtimeError } from '../../errors.ts'
import type { MessageBounds } from '../bounds.ts'
import { measureMessage } from '../flow/signal-encoder.ts'
import type { PidSource } from '../pid-source.ts'
import { Malformed, OverBounds, Unsendable } from '../refusals.ts'
import { checkTerm } from './check.ts'
import { fromPlain, type TermReader } from './from-plain.ts'
import { toPlain } from './to-plain.ts'

// A copy of msgpackr of its own: without native code, and without the extensions that an application registers.
const { Packr, Unpackr } = createRequire(import.meta.url)('msgpackr/index-no-eval') as typeof import('msgpackr')

const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false } as object)
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true } as object)

export class TermCodec implements TermReader {
  readonly source: PidSource
  readonly bounds: MessageBounds

  constructor(source: PidSource, bounds: MessageBounds) {
    this.source = source
    this.bounds = bounds
  }

  /**
   * A value as bytes, which are the caller's. Pids and refs in it stay what they are, whoever reads them.
   * @throws E_MESSAGE_INVALID where it cannot be sent, naming the place
   */
  encode(value: unknown): Uint8Array {
    measureMessage(value, this.bounds)
    try {
      const bytes = Buffer.from(packr.pack(toPlain(value)))
      checkTerm(bytes, this.bounds)
      return bytes
    } catch (error) {
      throw runtimeError('E_MESSAGE_INVALID', { problem: `it holds ${problemOf(error)}`, path: 'its root' }, error)
    }
  }

  /**
   * The value that the bytes say. It does not refer to them afterwards.
   * @throws E_TERM_INVALID where they are not what `encode` made, or cost more than the bounds allow
   */
  decode(bytes: Uint8Array): unknown {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    try {
      checkTerm(buffer, this.bounds)
      return fromPlain(unpackr.unpack(buffer), this)
    } catch (error) {
      throw runtimeError('E_TERM_INVALID', { problem: problemOf(error) }, error)
    }
  }
}

function problemOf(error: unknown): string {
  const isOurs = error instanceof Malformed || error instanceof OverBounds || error instanceof Unsendable
  return isOurs || error instanceof BarrelError ? error.message : 'what cannot be read'
}
