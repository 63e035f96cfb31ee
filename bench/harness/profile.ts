/** Runs our arm of a figure once under the CPU profiler and tells where the time went. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CpuProfile, selfTimeLines, topSelfTimes } from './cpu-profile.ts'
import { runArm } from './run-arm.ts'

const functionsShown = 20

/** The summary of every OS process that took part: the arm's own, and the other one where there are two. */
export async function profileOurs(figure: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  try {
    const options = [
      '--cpu-prof',
      '--cpu-prof-interval=250',
      '--cpu-prof-name=arm.cpuprofile',
      `--cpu-prof-dir=${folder}`,
    ]
    await runArm(figure, 'ours', options)
    const files = (await readdir(folder)).sort()
    return (await Promise.all(files.map(file => summaryOf(figure, folder, file)))).join('\n\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function summaryOf(figure: string, folder: string, file: string): Promise<string> {
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile
  const whose = file.startsWith('arm.') ? 'the OS process that measures' : 'the other OS process'
  return `${figure}, self time in ${whose}\n${selfTimeLines(topSelfTimes(profile, functionsShown))}`
}
