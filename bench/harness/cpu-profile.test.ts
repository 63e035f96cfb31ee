import { expect, test } from 'vitest'
import { type CpuProfile, selfTimeLines, topSelfTimes } from './cpu-profile.ts'

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber })
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('push', 'file:///home/me/repo/packages/runtime/dist/process/mailbox.js', 9) },
    { id: 3, callFrame: frame('pack', 'file:///home/me/repo/node_modules/msgpackr/pack.js', 68) },
    { id: 4, callFrame: frame('push', 'file:///home/me/repo/packages/runtime/dist/process/mailbox.js', 9) },
    { id: 5, callFrame: frame('') },
    { id: 6, callFrame: frame('load', 'node:internal/modules/esm/loader', 1), children: [7] },
    { id: 7, callFrame: frame('compile') },
  ],
  samples: [1, 2, 3, 4, 5, 6, 7],
  timeDeltas: [50_000, 3_000, 3_000, 3_000, 1_000, 9_000, 9_000],
}

test('self time is summed over every place that a function was called from, without idling and loading', () => {
  expect(topSelfTimes(profile, 2)).toEqual([
    { name: 'push runtime/dist/process/mailbox.js:10', ms: 6, share: 0.6 },
    { name: 'pack msgpackr/pack.js:69', ms: 3, share: 0.3 },
  ])
})

test('a line of a profile has the share, the time and the function', () => {
  expect(selfTimeLines(topSelfTimes(profile, 1))).toBe(' 60.0 %      6 ms  push runtime/dist/process/mailbox.js:10')
})
