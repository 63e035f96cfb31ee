/** `succession.json` beside the keys: how this node's older keys gave way to its key. Text that people can read. */
import { join } from 'node:path'
import type { Disk, Log, NodeName } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { type Statement, type Succession, shapeProblem, signatureProblem } from './succession.ts'

/** Where a folder has its succession. */
export function successionPathOf(keyDir: string): string {
  return join(keyDir, 'succession.json')
}

/** The bytes of the file. */
export function encodeSuccession(node: NodeName, chain: Succession): Uint8Array {
  const statements = chain.map(({ serial, oldKey, signature }) => {
    return { serial, oldKey: base64(oldKey), signature: base64(signature) }
  })
  return Buffer.from(`${JSON.stringify({ node, statements }, undefined, 2)}\n`)
}

/**
 * The succession that leads to `current`; empty where there is none. That of another node name is left aside: the
 * statements name the node, and no peer would believe them.
 * @throws E_SUCCESSION_INVALID
 */
export async function loadSuccession(
  disk: Disk,
  keyDir: string,
  node: NodeName,
  current: Uint8Array,
  log: Log,
): Promise<Succession> {
  const path = successionPathOf(keyDir)
  const bytes = await read(disk, path)
  if (bytes === undefined) return []
  const { node: stated, chain } = parse(path, bytes)
  if (stated !== node) {
    log.warn('the succession of keys is that of another node name and is not used', { path, node: stated })
    return []
  }
  const problem = shapeProblem(chain, current) ?? signatureProblem(node, chain, current)
  if (problem !== undefined) throw quicError('E_SUCCESSION_INVALID', { path, problem })
  return chain
}

function parse(path: string, bytes: Uint8Array): { node: unknown; chain: Succession } {
  const invalid = (problem: string, cause?: unknown) => quicError('E_SUCCESSION_INVALID', { path, problem }, cause)
  let content: { node?: unknown; statements?: unknown } | null
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw invalid('it is not JSON', error)
  }
  const { node, statements } = content ?? {}
  if (!Array.isArray(statements)) throw invalid('it holds no list of statements')
  return { node, chain: statements.map(entry => parseStatement(entry, invalid)) }
}

function parseStatement(entry: unknown, invalid: (problem: string) => Error): Statement {
  const { serial, oldKey, signature } = (entry ?? {}) as Record<string, unknown>
  if (!Number.isSafeInteger(serial) || typeof oldKey !== 'string' || typeof signature !== 'string') {
    throw invalid('a statement lacks its serial number, its old key or its signature')
  }
  return { serial: serial as number, oldKey: bytesOf(oldKey), signature: bytesOf(signature) }
}

async function read(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, limits.successionFileBytesMax)
  } catch (error) {
    throw quicError('E_SUCCESSION_INVALID', { path, problem: problemOf(error) }, error)
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
