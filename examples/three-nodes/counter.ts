/** A counter: the server that the demo calls, watches and loses. */
import { GenServer, type Pid } from 'barrel-actors'

/** What it can be asked, and what it replies. */
export interface CounterProtocol {
  call: ((request: { add: number }) => number) | ((request: 'read') => number) | ((request: 'pid') => Pid)
}

export class Counter extends GenServer<CounterProtocol> {
  #count = 0

  override init(start = 0): void {
    this.#count = start
  }

  override handleCall(request: { add: number } | 'read' | 'pid'): number | Pid {
    if (request === 'pid') return this.pid as unknown as Pid
    if (request !== 'read') this.#count += request.add
    return this.#count
  }
}
