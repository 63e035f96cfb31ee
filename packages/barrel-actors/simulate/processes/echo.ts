import { type From, GenServer, noReply } from '@barrel-actors/runtime'

export interface EchoRequest {
  readonly how: 'now' | 'later' | 'never'
  readonly id: number
}

export interface EchoProtocol {
  call: (request: EchoRequest) => number
}

const laterMs = 300

/** Replies with the id of the request: at once, later or never. */
export class Echo extends GenServer<EchoProtocol> {
  override handleCall({ how, id }: EchoRequest, from: From<number>) {
    if (how === 'now') return id
    if (how === 'later') this.node.clock.setTimer(laterMs, () => from.reply(id))
    return noReply
  }
}
