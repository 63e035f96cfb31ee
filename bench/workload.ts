/** What every arm of a figure does alike: the same messages, the same batches, the same windows. */

/** `local.send`: a batch is sent in one go, then the sender waits until the receiver has taken it. */
export const sendsPerBatch = 1_000

/** `local.call`: one caller, each call awaited; the clock is looked at once in so many. */
export const callsPerStep = 1_000

/** `local.spawn`: so many are started, then the starter waits until the last one has ended. */
export const spawnsPerBatch = 1_000

/** `local.idle_process_bytes`: how many wait at the same time, each having taken one message. */
export const idleProcesses = 100_000

/** `local.pingpong`: two processes, each waiting for the other; the clock is looked at once in so many. */
export const roundTripsPerStep = 1_000

/** `local.ring`: one message goes round so many processes, and stops after so many hops. */
export const ringProcesses = 10_000
export const hopsPerStep = 20_000

/** `local.idle_function_bytes`: as `local.idle_process_bytes`, of functions that wait in `receive`. */
export const idleFunctions = 100_000

/** `local.link_star_ms`: so many processes are linked to the one that is killed. */
export const starLinks = 10_000

/** `local.monitor_storm_ms`: one process sets so many monitors on each of so many others, which then end. */
export const stormTargets = 1_000
export const stormMonitorsEach = 1_000

/** `local.selective_receive`: so many messages wait that nobody asks for; the clock is looked at once in so many. */
export const queuedMessages = 100_000
export const receivesPerStep = 1_000

/** `local.timer_late_p99_ms`: timers, one after another, beside a process that floods itself. */
export const timerMs = 10
export const timersMeasured = 200
/** So many messages of its own wait in the flooding process at any time. */
export const floodMessages = 1_000

/** The message and the request of the local figures: a fresh small object each time, as applications make them. */
export interface Add {
  readonly add: number
}

/** One-way figures between two OS processes: the receiver acknowledges every batch. */
export interface Flow {
  readonly messagesPerBatch: number
  /** So many batches may be on their way. */
  readonly batchesMax: number
}

export const smallFlow: Flow = { messagesPerBatch: 256, batchesMax: 16 }
export const bulkFlow: Flow = { messagesPerBatch: 1, batchesMax: 16 }

/** `quic.bulk_1350`: what fits an Ethernet path with IPv6 and a tunnel's header on top. */
export const networkPacketBytes = 1350

/** `quic.call64`: so many callers, each with one call on its way. */
export const callersAtOnce = 64

/** `quic.rtt_p99_under_bulk`: so many round trips, or those that begin in so many milliseconds, at least a hundred. */
export const countsUnderBulk = { before: 10, measured: 5_000, forMs: 10_000 } as const
/** The bulk beside the round trips counts as bulk from here on. */
const besideBulkBytesPerSecondMin = 10 * 1024 * 1024

/** Throws where so many bulk messages in so many milliseconds were none. */
export function checkBesideBulk(messages: number, forMs: number): void {
  const bytesPerSecond = (messages * bulkBytes * 1_000) / forMs
  if (bytesPerSecond < besideBulkBytesPerSecondMin) throw new Error(`The bulk moved ${bytesPerSecond} bytes/s only.`)
}

/** `quic.idle_channel_bytes`: channels that are counted, after so many that only warm up. */
export const idleChannels = 1_000
export const idleChannelsBefore = 50

/** `quic.lossy_*`: every datagram is lost with that probability, or held up for a time of its own. */
export const badNetwork = { lossRate: 0.1, delayMsMin: 2, delayMsMax: 12 } as const
export const lossyCallers = 4
/** So many bulk messages may be on their way. */
export const lossyBulkOnTheWay = 4
const lossyMsDefault = 60_000

/** How long it runs: 60 s, or as many as BARREL_BENCH_LOSSY_SECONDS says. */
export function lossyMs(): number {
  const seconds = Number(process.env['BARREL_BENCH_LOSSY_SECONDS'])
  return seconds > 0 ? seconds * 1_000 : lossyMsDefault
}

/** In packets of a network, or in those of as many bytes as BARREL_BENCH_LOSSY_PACKET says. */
export function lossyPacketBytes(): number {
  const bytes = Number(process.env['BARREL_BENCH_LOSSY_PACKET'])
  return bytes > 0 ? bytes : networkPacketBytes
}

/** What one run of it saw. */
export interface LossyOutcome {
  /** Channels, or connections, that ended before the time was over. */
  readonly closures: number
  /** How long each call took until it was answered, tries that failed included. */
  readonly callsMs: readonly number[]
  /** Bulk messages that were acknowledged. */
  readonly messages: number
}

const retryMs = 10

/** The answer of the first try that has one; undefined when the time is over. */
export async function untilAnswered<Answer>(endMs: number, ask: () => Promise<Answer>): Promise<Answer | undefined> {
  while (performance.now() < endMs) {
    try {
      return await ask()
    } catch {
      await new Promise(resolve => setTimeout(resolve, retryMs))
    }
  }
  return undefined
}

/** `cluster.join30_s`: nodes that are started at once. */
export const joiningNodes = 30

/** `quic.dial_ms`: dials that are timed, one after another, after so many that only warm up. */
export const dials = 100
export const dialsBefore = 20

export const bulkBytes: number = 1024 * 1024

/** About 100 bytes as text, and with field names as MessagePack. */
export interface Measurement {
  readonly kind: string
  readonly sensor: string
  readonly at: number
  readonly celsius: number
  readonly note: string
}

export function measurement(count: number): Measurement {
  const celsius = 20 + (count % 64) / 8
  return { kind: 'measured', sensor: 'boiler-07', at: 1_790_000_000_000 + count, celsius, note: 'by hand' }
}

/** The message of `quic.bulk`: bytes that do not compress, the same in every run. */
export function bulkMessage(): Uint8Array {
  const bytes = new Uint8Array(bulkBytes)
  for (let index = 0, state = 1; index < bytes.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

const roundTripBytes = 64

/** The request of `quic.rtt_*` and `quic.call64`: 64 bytes, which say which one they are. */
export function roundTripMessage(count: number): Uint8Array {
  const bytes = new Uint8Array(roundTripBytes)
  new DataView(bytes.buffer).setUint32(0, count)
  return bytes
}

/** @throws where what came back is not that request, whole */
export function checkRoundTrip(count: number, reply: unknown): void {
  const isWhole = reply instanceof Uint8Array && reply.length === roundTripBytes
  if (!isWhole || new DataView(reply.buffer, reply.byteOffset).getUint32(0) !== count) {
    throw new Error(`The reply to request ${count} is another one.`)
  }
}
