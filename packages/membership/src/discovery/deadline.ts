import type { Clock } from '@barrel-actors/runtime'

/** That something took longer than it may; told by its identity, so nobody else can make it. */
export class TimedOut extends Error {}

/**
 * What `work` comes to, unless it takes longer: then this rejects with {@link TimedOut}, and whatever `work` comes to
 * afterwards is ignored. Work that throws at once rejects too.
 */
export function within<Result>(clock: Clock, deadlineMs: number, work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(deadlineMs, () => reject(new TimedOut(`no answer within ${deadlineMs} ms`)))
    const settled = new Promise<Result>(start => start(work()))
    settled.finally(() => timer.cancel()).then(resolve, reject)
  })
}
