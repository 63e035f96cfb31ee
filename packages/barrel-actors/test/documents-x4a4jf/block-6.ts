import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { Quic, startNode } from 'barrel-actors'

const node = await startNode({ name: 'a@10.0.0.1' })
const stream = await node.extension(Quic).streams.open('b@10.0.0.2', 'backup')

await Readable.toWeb(createReadStream('data.tar')).pipeTo(stream.writable)
for await (const chunk of stream) console.log(`${Buffer.from(chunk)}`) // stored
await stream.closed
