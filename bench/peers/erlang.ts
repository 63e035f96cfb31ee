/** Erlang/OTP itself, where `erl` and `erlc` are on the PATH. Its better figure of one and of two schedulers. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Arm, Better } from '../harness/figure.ts'

const run = promisify(execFile)
// From dist/peers, where this runs, back to the source.
const source = fileURLToPath(new URL('../../peers/erlang/bench_local.erl', import.meta.url))

type Work =
  | 'send'
  | 'call'
  | 'pingpong'
  | 'ring'
  | 'spawn'
  | 'idle'
  | 'idle_function'
  | 'link_star'
  | 'monitor_storm'
  | 'selective_receive'
  | 'timer_late'

/** The arm that does that work of bench_local.erl. */
export function erlang(work: Work, better: Better): Arm {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
    try {
      await run('erlc', ['-o', folder, source])
      const readings = [await withSchedulers(1, folder, work), await withSchedulers(2, folder, work)]
      return better === 'higher' ? Math.max(...readings) : Math.min(...readings)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function withSchedulers(count: number, folder: string, work: string): Promise<number> {
  const args = ['+S', `${count}:${count}`, '-noinput', '-pa', folder, '-eval', `bench_local:run(${work}).`]
  const { stdout } = await run('erl', args)
  const reading = Number.parseFloat(stdout)
  if (Number.isNaN(reading)) throw new Error(`Erlang printed no number for ${work}: ${stdout}`)
  return reading
}
