/** Every figure, in the order of the table. Loaded one by one, so that an arm runs with nothing beside it. */

import type { Figure } from '../harness/figure.ts'

export const figures: Readonly<Record<string, () => Promise<Figure>>> = {
  'local.send': async () => (await import('./local-send.ts')).localSend,
  'local.call': async () => (await import('./local-call.ts')).localCall,
  'local.pingpong': async () => (await import('./local-pingpong.ts')).localPingPong,
  'local.ring': async () => (await import('./local-ring.ts')).localRing,
  'local.spawn': async () => (await import('./local-spawn.ts')).localSpawn,
  'local.idle_process_bytes': async () => (await import('./local-idle.ts')).localIdle,
  'local.idle_function_bytes': async () => (await import('./local-idle-function.ts')).localIdleFunction,
  'local.link_star_ms': async () => (await import('./local-link-star.ts')).localLinkStar,
  'local.monitor_storm_ms': async () => (await import('./local-monitor-storm.ts')).localMonitorStorm,
  'local.selective_receive': async () => (await import('./local-selective-receive.ts')).localSelectiveReceive,
  'local.timer_late_p99_ms': async () => (await import('./local-timer-late.ts')).localTimerLate,
  'quic.send': async () => (await import('./quic-send.ts')).quicSend,
  'quic.rtt_p50': async () => (await import('./quic-round-trip.ts')).quicRoundTripP50,
  'quic.rtt_p99': async () => (await import('./quic-round-trip.ts')).quicRoundTripP99,
  'quic.rtt_p99_under_bulk': async () => (await import('./quic-round-trip.ts')).quicRoundTripUnderBulkP99,
  'quic.call64': async () => (await import('./quic-round-trip.ts')).quicCall64,
  'quic.bulk': async () => (await import('./quic-bulk.ts')).quicBulk,
  'quic.bulk_1350': async () => (await import('./quic-bulk.ts')).quicBulk1350,
  'quic.idle_channel_bytes': async () => (await import('./quic-channels.ts')).quicIdleChannel,
  'quic.dial_ms': async () => (await import('./quic-channels.ts')).quicDialP50,
  'cluster.join30_s': async () => (await import('./cluster-join.ts')).clusterJoin,
}
