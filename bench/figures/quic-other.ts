/** The other OS process of the quic.* figures: the node that is sent to. */

import { tellReady } from '../harness/other-process.ts'
import { startSinkNode } from './quic-nodes.ts'

tellReady(await startSinkNode())
