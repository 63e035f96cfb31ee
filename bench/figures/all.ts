/** Every figure, in the order of the table. Loaded one by one, so that an arm runs with nothing beside it. */

import type { Figure } from '../harness/figure.ts'

export const figures: Readonly<Record<string, () => Promise<Figure>>> = {
  'local.send': async () => (await import('./local-send.ts')).localSend,
  'local.call': async () => (await import('./local-call.ts')).localCall,
  'local.spawn': async () => (await import('./local-spawn.ts')).localSpawn,
  'local.idle_process_bytes': async () => (await import('./local-idle.ts')).localIdle,
  'quic.send': async () => (await import('./quic-send.ts')).quicSend,
  'quic.rtt_p50': async () => (await import('./quic-round-trip.ts')).quicRoundTripP50,
  'quic.rtt_p99': async () => (await import('./quic-round-trip.ts')).quicRoundTripP99,
  'quic.bulk': async () => (await import('./quic-bulk.ts')).quicBulk,
}
