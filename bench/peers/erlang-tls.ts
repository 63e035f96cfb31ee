/**
 * Erlang's own distribution over TLS 1.3, where `erl` and `erlc` are on the PATH: two nodes in two OS processes, set
 * up as "Using TLS for Erlang Distribution" of the ssl user's guide says. No port mapper: the port is told.
 */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Arm } from '../harness/figure.ts'
import { freePort } from '../harness/free-port.ts'
import { makeSelfSigned } from './self-signed.ts'
import { certificateName } from './sockets-ready.ts'

const run = promisify(execFile)
// From dist/peers, where this runs, back to the source.
const source = fileURLToPath(new URL('../../peers/erlang/bench_dist.erl', import.meta.url))
const runMsMax = 120_000

type Work = 'send' | 'rtt_p50' | 'rtt_p99' | 'call64' | 'bulk'

/** The arm that does that work of bench_dist.erl. */
export function erlangTls(work: Work): Arm {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
    try {
      return (await compileErlang(source, folder)) ? await betweenNodes(folder, work) : null
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Compiles a module into a folder. Whether there is an Erlang to do so. */
export async function compileErlang(module: string, folder: string): Promise<boolean> {
  try {
    await run('erlc', ['-o', folder, module])
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** The options of a node that finds its modules in that folder, and whose distribution is TLS. */
export async function tlsOptionsIn(folder: string): Promise<string[]> {
  await writeOptions(folder)
  return [
    ['-noinput', '-pa', folder, '-proto_dist', 'inet_tls', '-ssl_dist_optfile', join(folder, 'ssl_dist.conf')],
    ['-setcookie', 'bench', '-kernel', 'logger_level', 'error'],
  ].flat()
}

async function writeOptions(folder: string): Promise<void> {
  const { certificatePem, privateKeyPem } = makeSelfSigned(certificateName)
  await writeFile(join(folder, 'cert.pem'), certificatePem)
  await writeFile(join(folder, 'key.pem'), privateKeyPem, { mode: 0o600 })
  const file = (name: string) => JSON.stringify(join(folder, name))
  const keys = `{certfile,${file('cert.pem')}},{keyfile,${file('key.pem')}},{cacertfile,${file('cert.pem')}}`
  // Both ends show a certificate, as ours do; which name it is for, neither checks.
  const common = `${keys},{versions,['tlsv1.3']},{verify,verify_none}`
  await writeFile(join(folder, 'ssl_dist.conf'), `[{server,[${common}]},{client,[${common}]}].\n`)
}

async function betweenNodes(folder: string, work: Work): Promise<number> {
  const port = await freePort()
  const common = [
    ...(await tlsOptionsIn(folder)),
    ...['-start_epmd', 'false', '-erl_epmd_port', String(port)],
    ...['-kernel', 'inet_dist_use_interface', '{127,0,0,1}'],
  ]
  const other = spawn('erl', [...common, '-name', 'b@127.0.0.1'], { stdio: ['ignore', 2, 2] })
  const ended = once(other, 'exit')
  try {
    const args = [...common, '-name', 'a@127.0.0.1', '-dist_listen', 'false']
    const program = `bench_dist:run(${work}, 'b@127.0.0.1').`
    const { stdout } = await run('erl', [...args, '-eval', program], { timeout: runMsMax })
    const reading = Number.parseFloat(stdout)
    if (Number.isNaN(reading)) throw new Error(`Erlang printed no number for ${work}: ${stdout}`)
    return reading
  } finally {
    other.kill()
    await ended
  }
}
