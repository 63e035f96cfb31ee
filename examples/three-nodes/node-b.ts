/** Node B calls the counter and watches it. */
import { BarrelError, call, type Down, defaultNode, demonitor, monitor, type Pid, type Ref } from 'barrel-actors'
import { answer, startAndStop } from './stage.ts'

let counter: Pid
let watch: Ref

answer({
  ...startAndStop,

  callByName: ({ name, node, add }) => call({ name, node }, { add }),

  callByPid: async ({ node, add }) => {
    counter = (await call({ name: 'counter', node }, 'pid')) as Pid
    return { pid: String(counter), count: await call(counter, { add }) }
  },

  watch: async ({ name, node }) => {
    watch = monitor({ name, node })
    // Signals between two nodes keep their order here: when this is answered, the monitor stands.
    await call(counter, 'read')
    const down = await nextDown(100).catch(() => undefined)
    if (down !== undefined) throw new Error(`the monitor ended at once: ${down.reason}`)
  },

  unwatch: () => demonitor(watch),

  awaitDown: async ({ withinMs }) => (await nextDown(withinMs)).reason,

  /** Calls by name, and by the pid from before; what came of the second. */
  callOldPid: async ({ useNewPid, node }) => {
    const pid = useNewPid ? ((await call({ name: 'counter', node }, 'pid')) as Pid) : counter
    try {
      return `it was answered: ${await call(pid, { add: 100 })}`
    } catch (error) {
      return error instanceof BarrelError ? `${error.code}, ${error.fields['reason']}` : String(error)
    }
  },
})

async function nextDown(timeoutMs: number): Promise<Down> {
  return (await defaultNode().receive({ kind: 'down', ref: watch }, { timeoutMs })) as Down
}
