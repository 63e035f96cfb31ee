// A data folder belongs to one OS process: starts at the same moment, crashes, and who comes after them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const runtime = fileURLToPath(new URL('../dist/index.js', import.meta.url))
/** Starts a node at the moment that is given, and says its creation or its error. */
const code = `
  import { startNode } from ${JSON.stringify(runtime)}
  const [dataDir, atMs] = process.argv.slice(1)
  while (Date.now() < Number(atMs)) await new Promise(resolve => setTimeout(resolve, Number(atMs) - Date.now()))
  try {
    const node = await startNode({ name: 'a@host', dataDir })
    console.log('creation ' + node.creation)
    process.stdin.on('data', async () => {
      await node.stop()
      process.exit()
    })
  } catch (error) {
    console.log(error.code)
    process.stdin.unref()
  }`

interface Started {
  readonly child: ChildProcess
  readonly said: string
}

let dataDir: string
const children: ChildProcess[] = []
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'barrel-folder-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

async function start(folder = dataDir, atMs = 0): Promise<Started> {
  const args = ['--input-type=module', '--eval', code, folder, String(atMs)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [said] = await once(createInterface(child.stdout), 'line')
  return { child, said }
}

async function startAtOnce(count: number): Promise<{ holder: Started; others: string[] }> {
  const atMs = Date.now() + 400 * count
  const started = await Promise.all(Array.from({ length: count }, () => start(dataDir, atMs)))
  const holders = started.filter(({ said }) => said.startsWith('creation'))
  expect(holders).toHaveLength(1)
  const others = started.filter(({ said }) => !said.startsWith('creation')).map(({ said }) => said)
  return { holder: holders[0] as Started, others }
}

async function end({ child }: Started, signal?: 'SIGKILL'): Promise<void> {
  if (signal === undefined) child.stdin?.write('stop\n')
  else child.kill(signal)
  await once(child, 'exit')
}

test('of eight OS processes that start at the same moment exactly one has the folder, also after it crashed', async () => {
  const creations: number[] = []
  for (let round = 0; round < 3; round++) {
    const { holder, others } = await startAtOnce(8)
    expect(others).toEqual(new Array(7).fill('E_DATA_IN_USE'))
    creations.push(Number(holder.said.split(' ')[1]))
    await end(holder, 'SIGKILL')
  }
  expect(new Set(creations).size).toBe(3)
})

test('a folder is free when its node has stopped, and is the same by another path', async () => {
  const first = await start()
  const other = join(dataDir, '..', `${basename(dataDir)}-link`)
  await symlink(dataDir, other)
  try {
    expect((await start(other)).said).toBe('E_DATA_IN_USE')
    await end(first)
    const second = await start(other)
    expect(second.said).toMatch(/^creation/)
    expect(second.said > first.said).toBe(true)
    expect((await start()).said).toBe('E_DATA_IN_USE')
  } finally {
    await rm(other)
  }
})

test('an OS process that stands still keeps its folder', async () => {
  const first = await start()
  first.child.kill('SIGSTOP')
  expect((await start()).said).toBe('E_DATA_IN_USE')
  expect((await start()).said).toBe('E_DATA_IN_USE')
})
