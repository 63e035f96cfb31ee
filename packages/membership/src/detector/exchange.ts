/** The digest exchange of the table: hashes of its buckets first, then what the differing ones hold. */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { pick } from '../random.ts'
import { onRecord } from './judge.ts'
import type { MemberRecord } from './messages.ts'
import type { Detector, Step } from './state.ts'

/** The hashes of the buckets: two tables that say the same have the same. */
export function digest(state: Detector): number[] {
  return state.table.digest()
}

export function beginExchange({ state, random, effects }: Step): void {
  const to = pick([...state.watched.keys()], random)
  if (to === undefined) return
  effects.push({ kind: 'send', to, message: { kind: 'digest', buckets: digest(state), isAnswer: false } })
}

/** Sends what differs, and the own digest behind it: by then the other has taken it in. */
export function onDigest(current: Step, from: NodeName, buckets: readonly number[], isAnswer: boolean): void {
  const { state, effects } = current
  const own = digest(state)
  const differing = own.flatMap((hash, index) => (hash === buckets[index] ? [] : [index]))
  if (differing.length === 0) return
  const records = recordsOf(current, differing)
  for (let at = 0; at < records.length; at += limits.recordsPerMessageMax) {
    const some = records.slice(at, at + limits.recordsPerMessageMax)
    effects.push({ kind: 'send', to: from, message: { kind: 'records', records: some } })
  }
  if (!isAnswer) effects.push({ kind: 'send', to: from, message: { kind: 'digest', buckets: own, isAnswer: true } })
}

export function onRecords(current: Step, from: NodeName, records: readonly MemberRecord[]): void {
  const { state, now, effects } = current
  const before = effects.length
  for (const record of records) onRecord(current, from, record)
  // More may be missing than one exchange carries.
  if (effects.length > before) state.nextExchangeMs = Math.min(state.nextExchangeMs, now + state.options.exchangeSoonMs)
}

// From a random bucket on, so that no bucket is always the one that was left out.
function recordsOf({ state, now, random }: Step, differing: readonly number[]): MemberRecord[] {
  const first = Math.floor(random.next() * differing.length)
  const records: MemberRecord[] = []
  for (let count = 0; count < differing.length; count++) {
    for (const member of state.table.bucket(differing[(first + count) % differing.length] as number)) {
      if (records.length >= limits.recordsPerExchangeMax) return records
      const { node, creation, incarnation, goneAtMs, endpoints } = member
      const goneForMs = member.state === 'gone' ? Math.max(0, Math.floor(now - goneAtMs)) : 0
      records.push({ node, creation, incarnation, state: member.state, goneForMs, endpoints })
    }
  }
  return records
}
