import { defaultNode, type IncomingStream, Quic, type Self, type UserStream } from 'barrel-actors'

declare function save(stream: UserStream): Promise<void>

const store = defaultNode().spawn(async (self: Self<IncomingStream>) => {
  for await (const { stream } of self) {
    stream.handOver(self.spawn(() => save(stream)))
  }
})
defaultNode().extension(Quic).streams.accept('backup', store)
