/** Bulk and calls at once between two OS processes, over a network that loses, delays and reorders. */

import type { Arm, Figure } from '../harness/figure.ts'
import { percentile } from '../harness/pace.ts'
import { bareLossy } from '../peers/bare-quic/lossy.ts'
import type { LossyOutcome } from '../workload.ts'
import { quicLossy } from './quic-lossy-nodes.ts'

type Run = () => Promise<LossyOutcome>

const common = { better: 'lower', peer: 'bare' } as const

export const quicLossyClosures: Figure = {
  ...common,
  name: 'quic.lossy_closures',
  unit: 'closures',
  ours: closuresOf(quicLossy),
  peers: { bare: closuresOf(bareLossy) },
}

export const quicLossyCallP99: Figure = {
  ...common,
  name: 'quic.lossy_call_p99_ms',
  unit: 'ms',
  ours: callP99Of(quicLossy),
  peers: { bare: callP99Of(bareLossy) },
}

function closuresOf(run: Run): Arm {
  return async () => tell(await run()).closures
}

function callP99Of(run: Run): Arm {
  return async () => percentile(Float64Array.from(tell(await run()).callsMs), 0.99)
}

/** The rest of a run, for the person who looks on. */
function tell(outcome: LossyOutcome): LossyOutcome {
  const { closures, callsMs, messages } = outcome
  if (callsMs.length === 0) throw new Error('No call was answered.')
  if (messages === 0) throw new Error('No bulk message came.')
  const [p50, p99] = [0.5, 0.99].map(share => percentile(Float64Array.from(callsMs), share).toFixed(0))
  console.error(`${closures} closures, ${messages} MiB, ${callsMs.length} calls, p50 ${p50} ms, p99 ${p99} ms`)
  return outcome
}
