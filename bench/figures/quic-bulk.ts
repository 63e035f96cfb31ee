/** Messages of 1 MiB between two OS processes, in the packets of this machine and in those of a network. */

import type { Arm, Figure } from '../harness/figure.ts'
import { bareFlow } from '../peers/bare-quic/arms.ts'
import { erlangTls } from '../peers/erlang-tls.ts'
import { classesFlow } from '../peers/quic-classes.ts'
import { socketFlow } from '../peers/sockets.ts'
import { bulkBytes, bulkFlow, bulkMessage, networkPacketBytes } from '../workload.ts'
import { quicFlow } from './quic-nodes.ts'

const bytes = bulkMessage()
const bulk = () => bytes

function megabytes(arm: Arm): Arm {
  return async () => {
    const messages = await arm()
    return messages === null ? null : (messages * bulkBytes) / 1e6
  }
}

const common = { unit: 'MB/s', better: 'higher', peer: 'bare' } as const

export const quicBulk: Figure = {
  ...common,
  name: 'quic.bulk',
  ours: megabytes(quicFlow(bulkFlow, bulk)),
  peers: {
    bare: megabytes(bareFlow(bulkFlow, bulk)),
    tls: megabytes(socketFlow('tls', bulkFlow, bulk)),
    tcp: megabytes(socketFlow('tcp', bulkFlow, bulk)),
    classes: megabytes(classesFlow(bulkFlow, bulk)),
    erlang: erlangTls('bulk'),
  },
}

export const quicBulk1350: Figure = {
  ...common,
  name: 'quic.bulk_1350',
  ours: megabytes(quicFlow(bulkFlow, bulk, networkPacketBytes)),
  peers: {
    bare: megabytes(bareFlow(bulkFlow, bulk, networkPacketBytes)),
    classes: megabytes(classesFlow(bulkFlow, bulk)),
  },
}
