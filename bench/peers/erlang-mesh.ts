/**
 * Thirty nodes of Erlang's own distribution over TLS 1.3, where `erl` and `erlc` are on the PATH. Each has an address of
 * 127.0.0.0/8 of its own, so that all have one port, which needs no port mapper; as on Linux, where no address of that
 * range has to be set up.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Arm } from '../harness/figure.ts'
import { freePort } from '../harness/free-port.ts'
import { joiningNodes } from '../workload.ts'
import { compileErlang, tlsOptionsIn } from './erlang-tls.ts'

const source = fileURLToPath(new URL('../../peers/erlang/bench_mesh.erl', import.meta.url))
const waitMsMax = 120_000

export function erlangMesh(): Arm {
  return async () => {
    if (process.platform !== 'linux') return null
    const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
    try {
      if (!(await compileErlang(source, folder))) return null
      return await meshOf(joiningNodes, [...(await tlsOptionsIn(folder)), ...portOptions(await freePort())])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function portOptions(port: number): string[] {
  return ['-start_epmd', 'false', '-erl_epmd_port', String(port)]
}

async function meshOf(count: number, common: readonly string[]): Promise<number> {
  const nodes: ChildProcess[] = []
  const start = performance.now()
  try {
    for (let each = 1; each <= count; each++) {
      const address = ['-name', `n@127.0.0.${each}`, '-kernel', 'inet_dist_use_interface', `{127,0,0,${each}}`]
      const program = `bench_mesh:run('n@127.0.0.1', ${count}).`
      nodes.push(spawn('erl', [...common, ...address, '-eval', program], { stdio: ['ignore', 'pipe', 2] }))
    }
    const first = nodes[0] as ChildProcess
    let printed = ''
    first.stdout?.on('data', chunk => {
      printed += String(chunk)
    })
    const timer = setTimeout(() => first.kill('SIGKILL'), waitMsMax)
    await once(first, 'close')
    clearTimeout(timer)
    if (printed !== `${count} seen\n`) throw new Error(`Not every node has seen the message: ${printed}`)
    return (performance.now() - start) / 1_000
  } finally {
    await Promise.all(nodes.map(end))
  }
}

async function end(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return
  const ended = once(node, 'exit')
  node.kill('SIGKILL')
  await ended
}
