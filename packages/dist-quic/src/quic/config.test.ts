import { expect, test } from 'vitest'
import { loopbackWindow } from './config.ts'

const KiB = 1024

test('the loopback window follows the socket buffer within its bounds', () => {
  expect([0, 208 * KiB, 8192 * KiB].map(loopbackWindow)).toEqual([64 * KiB, 104 * KiB, 2048 * KiB])
})
