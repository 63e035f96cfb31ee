/** Node A holds the counter, under the name `counter`. */
import { register, spawn } from 'barrel-actors'
import { Counter } from './counter.ts'
import { answer, startAndStop } from './stage.ts'

answer({
  ...startAndStop,

  start: async options => {
    const started = await startAndStop.start(options)
    register('counter', spawn(Counter))
    return started
  },
})
