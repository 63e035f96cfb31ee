import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { type IncomingStream, Quic, type Self, startNode } from 'barrel-actors'

const node = await startNode({ name: 'b@10.0.0.2' })
const { streams } = node.extension(Quic)

const store = node.spawn(async (self: Self<IncomingStream>) => {
  for await (const { stream, from } of self) {
    await stream.readable.pipeTo(Writable.toWeb(createWriteStream(`backup-of-${from}`)))
    await stream.write(Buffer.from('stored'))
    await stream.end()
  }
})
streams.accept('backup', store)
