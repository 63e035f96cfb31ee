/** How often a supervisor may restart children before it gives up. */

/** At most `intensity` restarts within any `periodMs`. */
export interface RestartIntensity {
  /** How many restarts are borne within the period. Default 1, as in OTP; 0 bears none, Infinity any number. */
  readonly intensity: number
  /** Over how many milliseconds they are counted. Default 5000, as in OTP. */
  readonly periodMs: number
}

/**
 * The restarts that count once one more is made at `nowMs`: those of the period that ends now, this one last.
 * `restarts` are those that counted before, oldest first. Undefined where that is one too many.
 *
 * As in OTP, a restart that lies exactly one period back still counts.
 */
export function addRestart(
  restarts: readonly number[],
  nowMs: number,
  { intensity, periodMs }: RestartIntensity,
): readonly number[] | undefined {
  if (intensity === Infinity) return []
  const counted = [...restarts.filter(thenMs => nowMs - thenMs <= periodMs), nowMs]
  return counted.length > intensity ? undefined : counted
}
