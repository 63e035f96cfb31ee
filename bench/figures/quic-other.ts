/** The other OS process of the quic.* figures, the node that is sent to: `quic-other.js <folder> <options as JSON>`. */

import { Quic } from 'barrel-actors'
import { tellReady } from '../harness/other-process.ts'
import { type BenchNodeOptions, type QuicReady, startSinkNode } from './quic-nodes.ts'

const [folder = '', options = '{}'] = process.argv.slice(2)
const node = await startSinkNode(folder, JSON.parse(options) as BenchNodeOptions)
tellReady({ address: `${node.name}:${node.extension(Quic).address.port}` } satisfies QuicReady)
