/** The worker thread of the watchdog. */

import { write } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { StallMeter } from './stall-meter.ts'
import type { WatchdogData } from './watchdog.ts'

const writeMsMax = 1_000

const { beats, meter: options, line } = workerData as WatchdogData
const counter = new Int32Array(beats)
const meter = new StallMeter(options, Atomics.load(counter, 0), performance.now())

const timer = setInterval(() => {
  if (!meter.look(Atomics.load(counter, 0), performance.now())) return
  clearInterval(timer)
  // Nobody may read stderr, which may even be what blocks the loop: the OS process ends with or without the line.
  setTimeout(end, writeMsMax)
  write(2, line, end)
}, options.lookMs)

function end(): void {
  // Nothing can catch it, and no handler of a user's module runs in a state that nobody foresaw.
  process.kill(process.pid, 'SIGKILL')
}
