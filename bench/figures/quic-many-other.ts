/** The other OS process of the figures with many channels: `quic-many-other.js <folder> <nodes>`. */

import { tellReady } from '../harness/other-process.ts'
import { startEchoNodes } from './quic-many-nodes.ts'

const [folder = '', count = ''] = process.argv.slice(2)
tellReady(await startEchoNodes(folder, Number(count)))
