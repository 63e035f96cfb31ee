/** From readings to the row of a figure: medians, and the ratio that says who is ahead. */

import type { Better, Figure } from './figure.ts'

/** What each arm measured, run by run. An arm that is not on this machine has no readings. */
export type Readings = ReadonlyMap<string, readonly number[]>

/** One line of `--json`. These fields are what other tools read: no more, no fewer. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly peer: string
  readonly peerValue: number | null
  /** How many times better ours is: 2 is twice as fast, or half as long, or half as big. */
  readonly ratio: number | null
  readonly others: Readonly<Record<string, number | null>>
  /** Our value of every run. */
  readonly runs: readonly number[]
}

// Noise begins at the second digit.
const digits = 4

export function rowOf(figure: Figure, readings: Readings): Row {
  const medianOf = (arm: string): number | null => medianOrNull(readings.get(arm) ?? [])
  const value = median(readings.get('ours') ?? [])
  const peerValue = medianOf(figure.peer)
  const others = Object.keys(figure.peers).filter(peer => peer !== figure.peer)
  return {
    name: figure.name,
    value: round(value),
    unit: figure.unit,
    peer: figure.peer,
    peerValue: peerValue === null ? null : round(peerValue),
    ratio: peerValue === null ? null : round(ratioOf(figure.better, value, peerValue)),
    others: Object.fromEntries(others.map(peer => [peer, roundOrNull(medianOf(peer))])),
    runs: (readings.get('ours') ?? []).map(round),
  }
}

/** The middle value; of an even count, halfway between the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing.')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Above 1 where ours is better, whichever direction the unit has. Two counts of nothing are equal. */
export function ratioOf(better: Better, ours: number, theirs: number): number {
  if (ours === theirs) return 1
  return better === 'higher' ? ours / theirs : theirs / ours
}

function medianOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values)
}

function round(value: number): number {
  return Number(value.toPrecision(digits))
}

function roundOrNull(value: number | null): number | null {
  return value === null ? null : round(value)
}
