/** How restless the overlay is around a node: the more so, the more often it shuffles. As in barrel_p2p. */

export interface Churn {
  changes: number
  sinceMs: number
}

const windowMs = 30_000
const fewMax = 5
const manyMax = 10
const intervalMsMin = 2_000

export function createChurn(now: number): Churn {
  return { changes: 0, sinceMs: now }
}

/** A link came, went, or was lost. */
export function countChurn(churn: Churn, now: number): void {
  renew(churn, now)
  churn.changes++
}

export function shuffleIntervalMs(churn: Churn, baseMs: number, now: number): number {
  renew(churn, now)
  if (churn.changes > manyMax) return Math.min(baseMs, intervalMsMin)
  if (churn.changes > fewMax) return Math.min(baseMs, Math.max(intervalMsMin, baseMs / 2))
  return baseMs
}

function renew(churn: Churn, now: number): void {
  if (now - churn.sinceMs <= windowMs) return
  churn.changes = 0
  churn.sinceMs = now
}
