import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { bin, Place } from './barrel.ts'

const spin = `
export default () => {
  console.log('ready')
  setTimeout(() => { for (;;); }, 300)
}
`

const stalled = (seconds: number) =>
  `barrel-actors: E_EVENT_LOOP_STALLED The event loop has stood still for ${seconds} s, and the watchdog ended the OS process. ` +
  'Look for a loop or a synchronous call that takes so long, or give --watchdog more seconds.\n'

test('the watchdog ends an OS process whose event loop stands still, with one line that says why', async () => {
  await using place = await Place.make()
  await place.write('spin.mjs', spin)
  await using node = place.start('spin.mjs', '--port', '0', '--watchdog', '1')
  await node.until(/ready/)
  const startMs = performance.now()
  expect(await node.ended).toMatchObject({ code: null, signal: 'SIGKILL', stderr: stalled(1) })
  expect(performance.now() - startMs).toBeGreaterThan(1_000)
})

test('a module that blocks while it is loaded is ended as well', async () => {
  await using place = await Place.make()
  await place.write('forever.mjs', 'for (;;);')
  const ended = await place.run('start', 'forever.mjs', '--port', '0', '--watchdog', '1')
  expect(ended).toMatchObject({ code: null, signal: 'SIGKILL', stderr: stalled(1) })
})

test('an OS process without a watchdog stands still until somebody else ends it', async () => {
  await using place = await Place.make()
  await place.write('spin.mjs', spin)
  await using node = place.start('spin.mjs', '--port', '0')
  await node.until(/ready/)
  expect(await Promise.race([node.ended, new Promise(resolve => setTimeout(resolve, 3_000, 'alive'))])).toBe('alive')
})

test('a loop that is blocked again and again, each time for less, goes on', async () => {
  await using place = await Place.make()
  await place.write(
    'busy.mjs',
    `export default async node => {
      for (let times = 0; times < 5; times++) {
        const end = performance.now() + 1_000
        while (performance.now() < end);
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      await node.stop()
    }`,
  )
  const ended = await place.run('start', 'busy.mjs', '--port', '0', '--watchdog', '3')
  expect(ended).toMatchObject({ code: 0, stderr: '' })
})

test('an OS process that was stopped for longer than the watchdog waits goes on when it is continued', async () => {
  await using place = await Place.make()
  await using node = place.start('--port', '0', '--watchdog', '2')
  await node.until(/Ctrl-C/)
  node.kill('SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 5_000))
  node.kill('SIGCONT')
  await new Promise(resolve => setTimeout(resolve, 1_000))
  expect(await node.kill('SIGTERM').ended).toMatchObject({ code: 0, stderr: '' })
})

test('an OS process that is blocked because nobody reads its stderr is ended, line or not', async () => {
  await using place = await Place.make()
  await place.write('talk.mjs', `export default () => { for (;;) process.stderr.write('x'.repeat(65_536)) }`)
  const child = spawn(process.execPath, [bin, 'start', 'talk.mjs', '--port', '0', '--watchdog', '1'], {
    cwd: place.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  child.stderr.destroy()
})
