/**
 * Watches what each test makes this OS process hold, for `npm run hostile`: a setup file of vitest, in use where
 * BARREL_MEMORY names a file, to which each test adds a line of JSON.
 */
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach } from 'vitest'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** KiB of resident memory at most. A thread of its own looks, since an attack may leave this one no turn. */
const peak = new Int32Array(new SharedArrayBuffer(4))
const sampler = `
const { workerData } = require('node:worker_threads')
const peak = new Int32Array(workerData)
const pause = new Int32Array(new SharedArrayBuffer(4))
for (;;) {
  const now = process.memoryUsage.rss() / 1024
  if (now > Atomics.load(peak, 0)) Atomics.store(peak, 0, now)
  Atomics.wait(pause, 0, 0, 2)
}`
const worker = new Worker(sampler, { eval: true, workerData: peak.buffer })
worker.unref()

let residentBefore = 0
let inUseBefore = 0

function inUse(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function settle(): Promise<void> {
  for (let times = 0; times < 3; times++) {
    await new Promise<void>(resolve => setImmediate(resolve))
    collectGarbage()
  }
}

beforeEach(async () => {
  await settle()
  inUseBefore = inUse()
  residentBefore = process.memoryUsage.rss()
  Atomics.store(peak, 0, residentBefore / 1024)
})

// Hooks end in the reverse order: those of the test have closed what it opened.
afterEach(async ({ task }) => {
  const most = Math.max(Atomics.load(peak, 0) * 1024, process.memoryUsage.rss())
  await settle()
  const line = {
    title: task.name,
    heldBytes: most - residentBefore,
    leftBytes: Math.max(0, inUse() - inUseBefore),
  }
  appendFileSync(process.env['BARREL_MEMORY'] as string, `${JSON.stringify(line)}\n`)
})
