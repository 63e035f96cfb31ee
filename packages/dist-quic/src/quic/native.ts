/**
 * The native QUIC library, loaded on first use: a machine it has no binary for learns so from an error with a
 * code, and not from a failing import.
 */
import type { BarrelError } from '@barrel-actors/runtime'
import type { Connection as NativeConnection, Quiche } from '@matrixai/quic/native/index.js'
import { quicError } from '../errors.ts'

export type { NativeConnection, Quiche }

/** Gives the library. Rejects with E_QUIC_UNAVAILABLE where it has no binary. */
export async function loadNative(): Promise<Quiche> {
  try {
    return (await import('@matrixai/quic/native/index.js')).quiche
  } catch (error) {
    throw unavailable(error)
  }
}

/** What loading the library failed with, as an error that says for which platform. */
export function unavailable(cause: unknown): BarrelError {
  const platform = `${process.platform}-${process.arch}`
  const problem = cause instanceof Error ? cause.message : String(cause)
  return quicError('E_QUIC_UNAVAILABLE', { platform, problem }, cause)
}
