import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Barrel, counterModule, Place } from './barrel.ts'

let place: Place
let node: Barrel
let seed: string

beforeAll(async () => {
  place = await Place.make()
  await place.write('counter.mjs', counterModule)
  node = place.start('counter.mjs', '--name', 'a@127.0.0.1', '--port', '0')
  const [, port] = await node.until(/address .*:(\d+)/)
  seed = `a@127.0.0.1:${port}`
  await node.until(/counter is up/)
})

afterAll(async () => {
  await node[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
})

test('a call that is typed into a shell prints the reply of another node', async () => {
  await using shell = place.repl('--join', seed)
  shell.type("await call({ name: 'counter', node: 'a@127.0.0.1' }, { add: 2 })")
  await shell.until(/^7$/m)
  shell.type('nodes()')
  await shell.until(/^\[ 'a@127\.0\.0\.1' \]$/m)
  expect(await shell.endInput().ended).toMatchObject({ code: 0, stderr: '' })
})

test('an expression of the command line prints what it gives', async () => {
  const call = "await call({ name: 'counter', node: 'a@127.0.0.1' }, { add: 0 })"
  expect(await place.run('repl', '--join', seed, '-e', call)).toEqual({ code: 0, stdout: '7\n', stderr: '' })
})

test('an expression that throws is one line and the exit code 1', async () => {
  const nobody = await place.run('repl', '--join', seed, '-e', "await call({ name: 'no', node: 'a@127.0.0.1' }, 1)")
  expect(nobody).toMatchObject({ code: 1, stdout: '' })
  expect(nobody.stderr).toMatch(/^barrel-actors: E_CALL_EXIT [^\n]*noproc[^\n]*\n$/)
  const broken = await place.run('repl', '-e', 'null.x')
  expect(broken).toMatchObject({ code: 1, stdout: '' })
  expect(broken.stderr).toMatch(/^barrel-actors: TypeError: [^\n]*\n$/)
})

test.each([
  ['nothing keeps alive', 'await new Promise(() => {})'],
  ['a timer keeps alive', 'await new Promise(() => setInterval(() => {}, 1_000))'],
  ['waits for a reply', 'await call(spawn(() => new Promise(() => {})), 1, { timeoutMs: 60_000 })'],
])('an expression that %s ends on SIGTERM, prints nothing and gives the exit code 143', async (_, expression) => {
  await using shell = place.repl('--join', seed, '-e', `await null; console.error('ready'); return ${expression}`)
  await shell.untilError(/ready/)
  expect(await shell.kill('SIGTERM').ended).toEqual({ code: 143, stdout: '', stderr: 'ready\n' })
})

test('an expression that blocks the event loop is ended by SIGTERM itself', async () => {
  await using shell = place.repl('--join', seed, '-e', "console.error('ready'); for (;;);")
  await shell.untilError(/ready/)
  expect(await shell.kill('SIGTERM').ended).toMatchObject({ code: null, signal: 'SIGTERM' })
})

test('a shell with an expression ends on SIGTERM while it is joining', async () => {
  const silent = createSocket('udp4')
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  await using shell = place.repl('--join', `silent@127.0.0.1:${silent.address().port}`, '-e', '1')
  await once(silent, 'message')
  expect(await shell.kill('SIGTERM').ended).toEqual({ code: 143, stdout: '', stderr: '' })
  silent.close()
})

test('two shells of one person are connected at the same time, with one identity that only they can read', async () => {
  await using one = place.repl('--join', seed)
  await using other = place.repl('--join', seed)
  for (const shell of [one, other]) {
    shell.type("await call({ name: 'counter', node: 'a@127.0.0.1' }, { add: 0 })")
    await shell.until(/^7$/m)
  }
  const keys = join(place.home, '.config/barrel-actors/keys')
  expect((await stat(join(keys, 'node.key'))).mode & 0o777).toBe(0o600)
  expect((await stat(keys)).mode & 0o777).toBe(0o700)
})

test('what a shell monitors on another node ends in a message that is printed', async () => {
  await place.write('doomed.mjs', `export default node => node.register('doomed', node.spawn(self => self.receive()))`)
  await using doomed = place.start('doomed.mjs', '--name', 'doomed@127.0.0.1', '--port', '0')
  const [, port] = await doomed.until(/address .*:(\d+)/)
  await doomed.until(/Ctrl-C/)
  await using shell = place.repl('--join', `doomed@127.0.0.1:${port}`)
  shell.type("monitor({ name: 'nobody', node: 'doomed@127.0.0.1' })")
  await shell.until(/← \{\s+kind: 'down'[^}]*\}[^}]*reason: 'noproc'/)
  shell.type("monitor({ name: 'doomed', node: 'doomed@127.0.0.1' })", 'nodes()')
  await shell.until(/\[ 'doomed@127\.0\.0\.1' \]/)
  doomed.kill('SIGKILL')
  await shell.until(/← \{\s+kind: 'down'[^}]*\}[^}]*reason: 'noconnection'/)
  expect((await shell.endInput().ended).code).toBe(0)
})

test('a shell that is told to stop stops with the exit code 0', async () => {
  await using shell = place.repl('--join', seed)
  shell.type('1 + 1')
  await shell.until(/^2$/m)
  expect((await shell.kill('SIGTERM').ended).code).toBe(0)
})

test('a shell whose reader is gone ends in place of printing to nobody', async () => {
  await using shell = place.repl('--join', seed)
  shell.type('1 + 1')
  await shell.until(/^2$/m)
  expect((await shell.stopReading().type("setInterval(() => console.log('tick'), 5)").ended).code).toBe(0)
})

test('a shell that reaches one seed says which one it did not reach', async () => {
  await using shell = place.repl('--open-to-strangers', '--join', seed, '--join', 'x@nowhere.invalid')
  shell.type('nodes()')
  await shell.until(/a@127\.0\.0\.1/)
  const { code, stderr } = await shell.endInput().ended
  expect(stderr).toMatch(/^barrel-actors: E_ADDRESS_UNRESOLVED [^\n]*nowhere\.invalid[^\n]*\n$/)
  expect(code).toBe(0)
})
