/** Thirty nodes, each an OS process, that are started at once with one contact: until all are in one overlay. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figure } from '../harness/figure.ts'
import { freePort } from '../harness/free-port.ts'
import { erlangMesh } from '../peers/erlang-mesh.ts'
import { joiningNodes } from '../workload.ts'

export const clusterJoin: Figure = {
  name: 'cluster.join30_s',
  unit: 's',
  better: 'lower',
  peer: 'erlang',
  ours: () => joinAll(joiningNodes),
  peers: { erlang: erlangMesh() },
}

/** What the program of a member is started with. */
export interface MemberStart {
  readonly name: string
  readonly dataDir: string
  readonly port: number
  readonly contact: string
}

/** What it tells: it has a neighbour, or it has seen the broadcast. */
export type MemberSays = 'joined' | 'seen'

const program = new URL('./cluster-member.js', import.meta.url)
// What has not come by then does not come.
const waitMsMax = 120_000

async function joinAll(count: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  const children: ChildProcess[] = []
  try {
    const port = await freePort()
    const contact = `n0@127.0.0.1:${port}`
    const start = performance.now()
    for (let each = 0; each < count; each++) {
      const name = `n${each}`
      const given: MemberStart = {
        name: `${name}@127.0.0.1`,
        dataDir: join(folder, name),
        port: each === 0 ? port : 0,
        contact,
      }
      children.push(fork(program, [JSON.stringify(given)], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] }))
    }
    return await untilSeen(children, start)
  } finally {
    await Promise.all(children.map(end))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Seconds until the one that joined last has told all. */
function untilSeen(children: readonly ChildProcess[], start: number): Promise<number> {
  const [joined, seen] = [new Set<ChildProcess>(), new Set<ChildProcess>()]
  const passed = () => (performance.now() - start) / 1_000
  return new Promise((resolve, reject) => {
    const fail = (problem: string) =>
      reject(new Error(`${problem}: ${joined.size} of ${children.length} had joined, ${seen.size} had the broadcast.`))
    const timer = setTimeout(() => fail(`Not done after ${waitMsMax / 1_000} s`), waitMsMax)
    for (const child of children) {
      child.once('exit', code => fail(`A node ended with ${code}`))
      child.on('message', (says: MemberSays) => {
        const set = says === 'joined' ? joined : seen
        const isNew = !set.has(child) && set.add(child).size === children.length
        if (!isNew) return
        console.error(`${set.size} of ${children.length} ${says} after ${passed().toFixed(2)} s`)
        if (says === 'joined') child.send('broadcast')
        else {
          clearTimeout(timer)
          resolve(passed())
        }
      })
    }
  })
}

async function end(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit')
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
