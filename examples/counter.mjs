// A counter under a name. Start it with: npx barrel-actors start examples/counter.mjs
import { call, GenServer, register, spawn } from 'barrel-actors'

class Counter extends GenServer {
  #count = 0
  handleCall({ add }) {
    this.#count += add
    return this.#count
  }
}

const counter = spawn(Counter)
register('counter', counter)
console.log(await call(counter, { add: 2 })) // 2
