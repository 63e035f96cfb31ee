/**
 * How one key of a node gives way to the next: the old one signs the new one. A peer that has pinned any key of the
 * chain follows it to the newest, so that a rotation needs no visit to every peer.
 *
 *   key 1 --statement 1--> key 2 --statement 2--> key 3, which the node shows
 */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { checkPublicKey, type KeyPair, verifySignature } from './keys.ts'

/** The key that follows is the old key of the next statement; after the last one it is the key that the node shows. */
export interface Statement {
  /** Grows by one from statement to statement, over the whole life of a node's name. */
  readonly serial: number
  readonly oldKey: Uint8Array
  readonly signature: Uint8Array
}

/** Oldest first; at most `limits.successionsMax`. */
export type Succession = readonly Statement[]

const label = Buffer.from('barrel-actors key succession v1\0', 'latin1')

/** The chain with one more statement, in which `old` names `newKey` for its successor. */
export function succeed(node: NodeName, chain: Succession, old: KeyPair, newKey: Uint8Array): Succession {
  const serial = (chain.at(-1)?.serial ?? 0) + 1
  const signature = old.sign(statementBytes(node, serial, old.publicKey, newKey))
  // The oldest one goes: a peer that slept through that many rotations needs an operator.
  return [...chain, { serial, oldKey: old.publicKey, signature }].slice(-limits.successionsMax)
}

/** What is wrong with the shape of a chain that leads to `current`, whoever signed it; undefined where nothing is. */
export function shapeProblem(chain: Succession, current: Uint8Array): string | undefined {
  if (chain.length > limits.successionsMax) return `it has ${chain.length} statements`
  const keys = [...chain.map(statement => statement.oldKey), current]
  if (new Set(keys.map(key => Buffer.from(key).toString('hex'))).size !== keys.length) return 'it comes back to a key'
  for (const [index, { serial, oldKey }] of chain.entries()) {
    const problem = checkPublicKey(oldKey)
    if (problem !== undefined) return `a key in it is not usable: ${problem}`
    if (serial !== (chain[0] as Statement).serial + index || serial < 1) return 'its serial numbers have a gap'
  }
  return undefined
}

/** What is wrong with the signatures from `from` on, of a chain whose shape is right; undefined where nothing is. */
export function signatureProblem(node: NodeName, chain: Succession, current: Uint8Array, from = 0): string | undefined {
  for (const [index, { serial, oldKey, signature }] of chain.entries()) {
    if (index < from) continue
    const signed = statementBytes(node, serial, oldKey, chain[index + 1]?.oldKey ?? current)
    if (!verifySignature(oldKey, signed, signature)) return `statement ${serial} was not signed by the key it replaces`
  }
  return undefined
}

/** Where in the chain a key gave way, or -1. */
export function placeOf(chain: Succession, key: Uint8Array): number {
  return chain.findIndex(statement => Buffer.from(statement.oldKey).equals(key))
}

// Every part has a fixed length or its length before it, so that no two statements are the same bytes.
function statementBytes(node: NodeName, serial: number, oldKey: Uint8Array, newKey: Uint8Array): Uint8Array {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(serial))
  return Buffer.concat([label, Buffer.of(node.length), Buffer.from(node, 'latin1'), oldKey, newKey, number])
}
