/**
 * Ends the OS process when its event loop has stood still for too long. The loop counts its beats in shared memory; a
 * worker thread looks on, because a loop that stands still cannot.
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Clock } from '@barrel-actors/runtime'
import { commandLineError } from '../errors.ts'
import { errorText } from './print-error.ts'
import type { StallMeterOptions } from './stall-meter.ts'

/** What the flag may be, in seconds. */
export const watchdogSeconds = { min: 1, max: 3_600 } as const

/** What the worker thread is given. */
export interface WatchdogData {
  /** One 32-bit number, which grows with each beat of the loop. */
  readonly beats: SharedArrayBuffer
  readonly meter: StallMeterOptions
  /** What it prints before it ends the OS process. */
  readonly line: string
}

const beatMsMax = 1_000
const beatsPerLimit = 8

/**
 * From then on the OS process ends with SIGKILL, after one line on stderr, when its event loop stands still for that
 * many seconds. Time in which the whole OS process stood still does not count.
 */
export async function startWatchdog(clock: Clock, seconds: number): Promise<void> {
  const limitMs = seconds * 1_000
  const beatMs = Math.min(beatMsMax, limitMs / beatsPerLimit)
  const beats = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  beat(clock, new Int32Array(beats), beatMs)
  const line = errorText(commandLineError('E_EVENT_LOOP_STALLED', { seconds }), {})
  const workerData: WatchdogData = { beats, meter: { limitMs, beatMs, lookMs: beatMs }, line }
  const worker = new Worker(new URL('./watchdog-worker.js', import.meta.url), { workerData, execArgv: [] })
  // Rejects with the error of a worker that cannot start. A later one is an error that nobody caught.
  await once(worker, 'online')
  worker.unref()
}

function beat(clock: Clock, beats: Int32Array, beatMs: number): void {
  Atomics.add(beats, 0, 1)
  clock.setTimer(beatMs, () => beat(clock, beats, beatMs))
}
