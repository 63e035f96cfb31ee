import { test, expect } from 'vitest'
import { createSimulation } from './index.ts'
test('x', async () => {
  await using s = createSimulation()
  const a = await s.startNode({ name: 'a@sim' })
  const b = await s.startNode({ name: 'b@sim' })
  const pid = b.spawn(async self => { for await (const m of self) { s.network.note('b@sim', 'msg ' + JSON.stringify(m)) } })
  a.send(pid, { x: 1 })
  b.send(a.pid, 'hello')
  console.log(await s.until(a.receive()))
  a.monitor(pid)
  await s.advance(100)
  s.kill(b)
  console.log(await s.until(a.receive()), s.clock.now())
  console.log(s.trace.join('\n'))
})
