/** The other OS process of the quic.* figures, the node that is sent to: `quic-other.js <data folder> <packet bytes>`. */

import { tellReady } from '../harness/other-process.ts'
import { startSinkNode } from './quic-nodes.ts'

const [dataDir = '', packetBytesMax = ''] = process.argv.slice(2)
tellReady(await startSinkNode(dataDir, packetBytesMax === '' ? undefined : Number(packetBytesMax)))
