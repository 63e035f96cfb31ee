import { call, GenServer, register, spawn } from 'barrel-actors'

interface CounterProtocol {
  call: (request: { add: number }) => number
}

class Counter extends GenServer<CounterProtocol> {
  #count = 0
  override handleCall({ add }: { add: number }): number {
    return (this.#count += add)
  }
}

const counter = spawn(Counter)
register('counter', counter)
const count: number = await call(counter, { add: 2 })
// @ts-expect-error: a wrong request does not compile
await call(counter, { subtract: 2 })
console.log(count)
