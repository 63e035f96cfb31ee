/** What failure detectors say to each other: to neighbours, and to everybody (verdicts). */
import { type Endpoint, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { isEndpointList, plainEndpoints } from '../peer.ts'

export type MemberState = 'alive' | 'suspected' | 'gone'

/** What is said of a node. Only the node itself raises its incarnation, and so refutes. */
export interface MemberRecord {
  readonly node: NodeName
  readonly creation: number
  readonly incarnation: number
  readonly state: MemberState
  /** For how long it is gone: so that everybody forgets it at about the same time. 0 for the others. */
  readonly goneForMs: number
  /** Where it says that it can be reached; none where its name has to be resolved. */
  readonly endpoints: readonly Endpoint[]
}

export type DetectorMessage =
  /** Are you there? And: this is what is said of you (Lifeguard: the suspect hears it first). */
  | {
      readonly kind: 'ping'
      readonly sequence: number
      readonly creation: number
      readonly incarnation: number
      readonly state: MemberState
    }
  | { readonly kind: 'ack'; readonly sequence: number }
  /** Probe that node for me, if you have a link to it. */
  | { readonly kind: 'pingFor'; readonly sequence: number; readonly node: NodeName }
  /** The answer to `pingFor`: also where there is no link or no answer, as a sign that the asker itself is well. */
  | { readonly kind: 'pingedFor'; readonly sequence: number; readonly node: NodeName; readonly isThere: boolean }
  /** Hashes of the buckets of the table. An answer to one is not answered. */
  | { readonly kind: 'digest'; readonly buckets: readonly number[]; readonly isAnswer: boolean }
  | { readonly kind: 'records'; readonly records: readonly MemberRecord[] }

/** Broadcast. `alive` and `left` are said by the node itself only. */
export type Verdict = Pick<MemberRecord, 'node' | 'creation' | 'incarnation'> &
  ({ readonly kind: 'suspect' | 'left' } | { readonly kind: 'alive'; readonly endpoints: readonly Endpoint[] })

type Fields = Readonly<Record<string, unknown>>

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isIncarnation = (value: unknown): value is number => isCount(value) && value <= limits.incarnationMax
const isState = (value: unknown): value is MemberState => value === 'alive' || value === 'suspected' || value === 'gone'
const isHash = (value: unknown): value is number => isCount(value) && value < 2 ** 32

/** For each kind: the message with nothing else in it, or what is wrong with it. */
const readers: {
  readonly [Kind in DetectorMessage['kind']]: (fields: Fields) => DetectorMessage | string
} = {
  ping: ({ sequence, creation, incarnation, state }) =>
    isCount(sequence) && isCount(creation) && isIncarnation(incarnation) && isState(state)
      ? { kind: 'ping', sequence, creation, incarnation, state }
      : 'a field of the ping is none',
  ack: ({ sequence }) => (isCount(sequence) ? { kind: 'ack', sequence } : 'the number of the acknowledgement is none'),
  pingFor: ({ sequence, node }) =>
    isCount(sequence) && isName(node) ? { kind: 'pingFor', sequence, node } : 'it asks for no proper node',
  pingedFor: ({ sequence, node, isThere }) =>
    isCount(sequence) && isName(node) && typeof isThere === 'boolean'
      ? { kind: 'pingedFor', sequence, node, isThere }
      : 'it answers for no proper node',
  digest: ({ buckets, isAnswer }) => {
    if (!Array.isArray(buckets) || buckets.length !== limits.memberBuckets) return 'its buckets are not as many'
    // Not `every`: it leaves out holes.
    for (let at = 0; at < buckets.length; at++) if (!isHash(buckets[at])) return 'a bucket is no hash'
    return typeof isAnswer === 'boolean' ? { kind: 'digest', buckets: [...buckets], isAnswer } : 'is it an answer?'
  },
  records: ({ records }) => {
    if (!Array.isArray(records) || records.length > limits.recordsPerMessageMax) return 'its records are no short list'
    const plain: MemberRecord[] = []
    for (let at = 0; at < records.length; at++) {
      const record = readRecord(records[at])
      if (record === undefined) return 'a record is none'
      plain.push(record)
    }
    return { kind: 'records', records: plain }
  },
}

/** A message as it came from another node: what it is, or what is wrong with it. Never throws. */
export function checkMessage(value: unknown): DetectorMessage | string {
  if (typeof value !== 'object' || value === null) return 'it is no object'
  const { kind } = value as Fields
  if (typeof kind !== 'string' || !Object.hasOwn(readers, kind)) return 'its kind is unknown'
  return readers[kind as DetectorMessage['kind']](value as Fields)
}

/** A verdict as it was broadcast: what it is, or what is wrong with it. Never throws. */
export function checkVerdict(value: unknown): Verdict | string {
  if (typeof value !== 'object' || value === null) return 'it is no object'
  const { kind, node, creation, incarnation, endpoints } = value as Fields
  if (kind !== 'suspect' && kind !== 'alive' && kind !== 'left') return 'its kind is unknown'
  if (!isName(node)) return 'it is about no proper node'
  if (!isCount(creation) || !isIncarnation(incarnation)) return 'its creation or incarnation is none'
  if (kind !== 'alive') return { kind, node, creation, incarnation }
  if (!isEndpointList(endpoints)) return 'its endpoints are no short list'
  return { kind, node, creation, incarnation, endpoints: plainEndpoints(endpoints) }
}

function readRecord(value: unknown): MemberRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { node, creation, incarnation, state, goneForMs, endpoints } = value as Fields
  if (!isName(node) || !isCount(creation) || !isIncarnation(incarnation)) return undefined
  if (!isState(state) || !isCount(goneForMs) || !isEndpointList(endpoints)) return undefined
  return { node, creation, incarnation, state, goneForMs, endpoints: plainEndpoints(endpoints) }
}

function isName(value: unknown): value is NodeName {
  return nodeNameProblem(value) === undefined
}
