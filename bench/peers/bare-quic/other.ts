/** The other OS process of the bare peer: `other.js <packet bytes> take|echo <messages per batch>`. */

import { tellReady } from '../../harness/other-process.ts'
import { performTask } from '../line.ts'
import { BareEndpoint } from './endpoint.ts'
import type { QuicPeerReady } from './ready.ts'

const [packetBytes, ...task] = process.argv.slice(2)
const endpoint = await BareEndpoint.open(Number(packetBytes), connection =>
  connection.listen(performTask(task, connection)),
)
tellReady({ port: endpoint.port } satisfies QuicPeerReady)
