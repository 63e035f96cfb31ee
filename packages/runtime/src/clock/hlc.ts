/**
 * Hybrid logical clock: stamps that grow with the wall clock, and with every stamp seen, whatever the wall clock does.
 * Source: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks" (2014), figure 5. A core: `wallMs` comes
 * in, stamps and refusals come out as values, nothing throws. Ours: a bound on how far others pull the clock.
 */

/** A moment: milliseconds since 1970 (the paper's `l`) and a counter within them (its `c`). Also the state of a clock. */
export interface Stamp {
  readonly wallMs: number
  readonly logical: number
}

/**
 * Why there is no stamp: the observed one is further ahead of the wall clock than allowed, or is none at all; or the
 * counter is used up before the wall clock went on.
 */
export type StampRefusal = 'tooFarAhead' | 'malformed' | 'logicalOverflow'

/** Before every other stamp: what a clock without a past starts from. */
export const stampZero: Stamp = { wallMs: 0, logical: 0 }

export const stampBytes = 12

/** What four bytes hold. Reached only by own ticks while the wall clock stands, or makes up for a jump back. */
export const logicalMax = 2 ** 32 - 1

/** Chosen: far beyond what NTP leaves, little enough to wait out. */
export const aheadMsMaxDefault = 60_000

/** A stamp of another node with this counter, or a greater one, is followed by the next millisecond: see `observe`. */
const logicalCarryMin = 2 ** 16 - 1

/** A local event, or a send: the next stamp, greater than `state`. */
export function tick(state: Stamp, wallMs: number): Stamp | 'logicalOverflow' {
  // Paper: l' = max(l, pt); c' = c + 1 where l' = l, else 0.
  const nowMs = Math.floor(wallMs)
  if (nowMs > state.wallMs) return { wallMs: nowMs, logical: 0 }
  if (state.logical >= logicalMax) return 'logicalOverflow'
  return { wallMs: state.wallMs, logical: state.logical + 1 }
}

/**
 * A stamp came in: the next stamp, greater than `state` and than `stamp`. Refused where `stamp` is more than
 * `aheadMsMax` (default 60 000) after `wallMs`, or no stamp at all; the caller keeps its state then.
 */
export function observe(
  state: Stamp,
  stamp: Stamp,
  wallMs: number,
  aheadMsMax: number = aheadMsMaxDefault,
): Stamp | StampRefusal {
  if (!isStamp(stamp)) return 'malformed'
  const nowMs = Math.floor(wallMs)
  // Ours: the next millisecond and 0, where the paper has c + 1. Otherwise a peer could use up our counter, and with
  // our next stamps that of every other node; so what comes in never brings ours above 2^16 - 1.
  const isFull = stamp.logical >= logicalCarryMin
  const leastMs = isFull ? stamp.wallMs + 1 : stamp.wallMs
  const least = isFull ? 0 : stamp.logical + 1
  if (!(leastMs <= Math.min(nowMs + aheadMsMax, Number.MAX_SAFE_INTEGER))) return 'tooFarAhead'
  // Paper: l' = max(l, m.l, pt); c' = max(c, m.c) + 1, c + 1, m.c + 1 or 0, whichever of them gave l'.
  if (nowMs > state.wallMs && nowMs > stamp.wallMs) return { wallMs: nowMs, logical: 0 }
  if (leastMs > state.wallMs) return { wallMs: leastMs, logical: least }
  if (state.logical >= logicalMax) return 'logicalOverflow'
  const own = state.logical + 1
  return { wallMs: state.wallMs, logical: leastMs === state.wallMs && least > own ? least : own }
}

/** Below 0 where `one` is before `other`, above 0 where it is after, 0 where they are equal. Fit for `sort`. */
export function compare(one: Stamp, other: Stamp): number {
  return one.wallMs - other.wallMs || one.logical - other.logical
}

/** Whether a value has the form of a stamp: whole numbers, `wallMs` up to 2^53 - 1, `logical` up to 2^32 - 1. */
export function isStamp(value: unknown): value is Stamp {
  const { wallMs, logical } = (value ?? {}) as Partial<Stamp>
  return isWhole(wallMs, Number.MAX_SAFE_INTEGER) && isWhole(logical, logicalMax)
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}

/** Twelve bytes, big-endian: eight of `wallMs`, four of `logical`. They order bytewise as `compare` does. */
export function encode({ wallMs, logical }: Stamp): Uint8Array {
  const bytes = new Uint8Array(stampBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(wallMs / 2 ** 32))
  view.setUint32(4, wallMs % 2 ** 32)
  view.setUint32(8, logical)
  return bytes
}

/** The stamp of twelve bytes; undefined where they are not twelve, or `wallMs` is above 2^53 - 1. */
export function decode(bytes: Uint8Array): Stamp | undefined {
  if (bytes.length !== stampBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, stampBytes)
  const wallMs = view.getUint32(0) * 2 ** 32 + view.getUint32(4)
  return wallMs > Number.MAX_SAFE_INTEGER ? undefined : { wallMs, logical: view.getUint32(8) }
}

/**
 * A stamp as one whole number, `wallMs * 2^32 + logical`: for fences, which a resource compares. Numbers order as
 * `compare` does. Past 2^53, so a bigint.
 */
export function pack({ wallMs, logical }: Stamp): bigint {
  return (BigInt(wallMs) << 32n) | BigInt(logical)
}

/** The core by one name, as packages above import it. */
export const HLC = { tick, observe, compare, isStamp, encode, decode, pack, zero: stampZero } as const
