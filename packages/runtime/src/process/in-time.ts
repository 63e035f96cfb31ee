/**
 * What fails at once is often tried again at once, in a loop that never leaves its microtasks: it counts as a message,
 * and once the slice is used up it fails after the event loop had its turn for timers and input.
 */

import type { Node } from '../node.ts'

/** Lets `fail` run now, or after the event loop had its turn. */
export function failInTime({ scheduler, turns }: Node, fail: () => void): void {
  if (scheduler.takeOne()) fail()
  else turns.later(fail)
}
