/** What a channel costs: to open, and to keep open. */

import type { Figure } from '../harness/figure.ts'
import { bareDial, idleBareBytes } from '../peers/bare-quic/arms.ts'
import { idleSocketBytes, socketDial } from '../peers/sockets.ts'
import { idleChannelBytes, quicDial } from './quic-many-nodes.ts'

export const quicIdleChannel: Figure = {
  name: 'quic.idle_channel_bytes',
  unit: 'bytes',
  better: 'lower',
  peer: 'bare',
  ours: idleChannelBytes(),
  peers: { bare: idleBareBytes(), tls: idleSocketBytes('tls'), tcp: idleSocketBytes('tcp') },
}

export const quicDialP50: Figure = {
  name: 'quic.dial_ms',
  unit: 'ms',
  better: 'lower',
  peer: 'bare',
  ours: quicDial(),
  peers: { bare: bareDial(), tls: socketDial('tls') },
}
