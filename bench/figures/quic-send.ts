/** One-way messages of about 100 bytes between two OS processes. */

import type { Figure } from '../harness/figure.ts'
import { barePackedFlow } from '../peers/bare-quic/arms.ts'
import { erlangTls } from '../peers/erlang-tls.ts'
import { classesFlow } from '../peers/quic-classes.ts'
import { socketFlow } from '../peers/sockets.ts'
import { measurement, smallFlow } from '../workload.ts'
import { quicFlow } from './quic-nodes.ts'

export const quicSend: Figure = {
  name: 'quic.send',
  unit: 'messages/s',
  better: 'higher',
  peer: 'tls',
  ours: quicFlow(smallFlow, measurement),
  peers: {
    bare: barePackedFlow(smallFlow, measurement),
    tls: socketFlow('tls', smallFlow, measurement),
    tcp: socketFlow('tcp', smallFlow, measurement),
    classes: classesFlow(smallFlow, measurement),
    erlang: erlangTls('send'),
  },
}
