/** What a supervisor does when a child has ended: pure functions of the children in the order of their start. */

import type { ExitReason } from '../exit-reason.ts'

/**
 * Which children are restarted along with one: none (`oneForOne`), all (`oneForAll`), those started after it
 * (`restForOne`).
 */
export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne'

/** When a child is restarted: always (`permanent`), after an abnormal end (`transient`), never (`temporary`). */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** Whether an end is one that a child may come to by itself: `'normal'`, `'shutdown'`, `{ shutdown: … }`. */
export function isNormalEnd(reason: ExitReason): boolean {
  if (reason === 'normal' || reason === 'shutdown') return true
  try {
    return typeof reason === 'object' && reason !== null && Object.hasOwn(reason, 'shutdown')
  } catch {
    // A proxy that throws: reasons come from anyone.
    return false
  }
}

/** What an end of a child by itself calls for: a restart, a spec without a process, or no spec any more. */
export function answerToEnd(restart: RestartType, reason: ExitReason): 'restart' | 'rest' | 'forget' {
  if (restart === 'temporary') return 'forget'
  return restart === 'permanent' || !isNormalEnd(reason) ? 'restart' : 'rest'
}

/** The children that a restart of `ended` stops, in reverse order, and starts again, in order; `ended` among them. */
export function restartedWith<Child>(strategy: Strategy, children: Iterable<Child>, ended: Child): readonly Child[] {
  if (strategy === 'oneForOne') return [ended]
  const all = [...children]
  return strategy === 'oneForAll' ? all : all.slice(all.indexOf(ended))
}
