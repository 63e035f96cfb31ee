/** Messages of 1 MiB between two OS processes. */

import type { Arm, Figure } from '../harness/figure.ts'
import { socketFlow } from '../peers/sockets.ts'
import { bulkBytes, bulkFlow, bulkMessage } from '../workload.ts'
import { quicFlow } from './quic-nodes.ts'

const bytes = bulkMessage()
const bulk = () => bytes

function megabytes(arm: Arm): Arm {
  return async () => {
    const messages = await arm()
    return messages === null ? null : (messages * bulkBytes) / 1e6
  }
}

export const quicBulk: Figure = {
  name: 'quic.bulk',
  unit: 'MB/s',
  better: 'higher',
  peer: 'tls',
  ours: megabytes(quicFlow(bulkFlow, bulk)),
  peers: { tls: megabytes(socketFlow('tls', bulkFlow, bulk)), tcp: megabytes(socketFlow('tcp', bulkFlow, bulk)) },
}
