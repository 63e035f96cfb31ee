import { readFile } from 'node:fs/promises'
import { Quic, startNode } from 'barrel-actors'

const node = await startNode({ name: 'a@10.0.0.1', quic: { authTrustMode: 'strict' } })
await node.extension(Quic).trust.pin('b@10.0.0.2', await readFile('b.pub'))
