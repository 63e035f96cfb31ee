/** Node C has a process that is linked to the counter: it lives and dies with it. */
import { call, type Down, defaultNode, type Pid, type Self, spawnMonitor } from 'barrel-actors'
import { answer, startAndStop } from './stage.ts'

let linked: Pid<'unlink'>

answer({
  ...startAndStop,

  link: async ({ name, node }) => {
    const counter = (await call({ name, node }, 'pid')) as Pid
    const { pid } = spawnMonitor(async (self: Self<'unlink'>) => {
      self.link(counter)
      // It waits for a message that only a broken demo sends, or for its end.
      await self.receive()
      self.unlink(counter)
      await self.receive()
    })
    linked = pid
    await call(counter, 'read')
    return String(pid)
  },

  unlink: () => defaultNode().send(linked, 'unlink'),

  awaitEnd: async ({ withinMs }) => {
    const down = (await defaultNode().receive({ kind: 'down', from: linked }, { timeoutMs: withinMs })) as Down
    return down.reason
  },
})
