import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Ended, Place } from './barrel.ts'

/** One line on stderr with that code, and nothing on stdout. */
function expectOneLine({ code, stdout, stderr }: Ended, errorCode: string, exitCode: number): void {
  expect(stderr).toMatch(new RegExp(`^barrel-actors: ${errorCode} [^\\n]*\\.\\n$`))
  expect(stdout).toBe('')
  expect(code).toBe(exitCode)
}

test.each([
  ['E_FLAG_UNKNOWN', ['start', '--prot', '9100']],
  ['E_COMMAND_UNKNOWN', ['strat']],
  ['E_ARGUMENT_INVALID', ['start', '--port', 'http']],
  ['E_NODE_NAME_INVALID', ['start', '--name', 'nobody']],
  ['E_NODE_NAME_INVALID', ['start', '--name', '../../a@b/c']],
  ['E_NODE_NAME_INVALID', ['repl', '--join', 'nobody']],
  ['E_MODULE_UNLOADABLE', ['start', 'nothing.mjs']],
])('wrong use is one line and the exit code 2, and touches no disk: %s %j', async (errorCode, args) => {
  await using place = await Place.make()
  expectOneLine(await place.run(...args), errorCode, 2)
  expect(await place.files()).toEqual([])
})

test('a module that cannot be loaded is one line and the exit code 2', async () => {
  await using place = await Place.make()
  await place.write('broken.mjs', 'this is no code')
  const { code, stderr } = await place.run('start', 'broken.mjs', '--port', '0')
  expect(stderr).toMatch(/^barrel-actors: E_MODULE_UNLOADABLE [^\n]*SyntaxError[^\n]*\n$/)
  expect(code).toBe(2)
})

test('an address that does not resolve', async () => {
  await using place = await Place.make()
  const args = ['--open-to-strangers', '--join', 'a@nowhere.invalid']
  expectOneLine(await place.run('repl', ...args), 'E_ADDRESS_UNRESOLVED', 1)
})

test('a port in use', async () => {
  await using place = await Place.make()
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  expectOneLine(await place.run('start', '--port', String(socket.address().port)), 'E_PORT_IN_USE', 1)
  socket.close()
  expect((await place.files()).filter(file => file.endsWith('.tmp'))).toEqual([])
})

test('a key file that cannot be read', async () => {
  await using place = await Place.make()
  // A folder in its place: the tests may run as root, who can read any file.
  await mkdir(join(place.folder, 'data/keys/node.key'), { recursive: true })
  expectOneLine(await place.run('start', '--data', 'data', '--port', '0'), 'E_KEY_UNREADABLE', 1)
  const files = (await place.files()).filter(path => !path.startsWith('data/lock/'))
  expect(files).toEqual(['data/creation'])
})

test('key files that do not belong together are left as they are', async () => {
  await using place = await Place.make()
  await mkdir(join(place.folder, 'data/keys'), { recursive: true })
  await writeFile(join(place.folder, 'data/keys/node.key'), Buffer.alloc(32, 1), { mode: 0o600 })
  await writeFile(join(place.folder, 'data/keys/node.pub'), Buffer.alloc(32, 2))
  expectOneLine(await place.run('start', '--data', 'data', '--port', '0'), 'E_KEY_MISMATCH', 1)
  expect(await readFile(join(place.folder, 'data/keys/node.pub'))).toEqual(Buffer.alloc(32, 2))
})

test('a node that nobody runs', async () => {
  await using place = await Place.make()
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const ended = await place.run('repl', '--join', `a@127.0.0.1:${socket.address().port}`)
  socket.close()
  expectOneLine(ended, 'E_NODE_UNREACHABLE', 1)
})

test('a node whose key has changed', async () => {
  await using place = await Place.make()
  const join = async () => {
    await using node = place.start('--port', '0')
    const [, port] = await node.until(/address .*:(\d+)/)
    await node.until(/Ctrl-C/)
    const ended = await place.run('repl', '--join', `node@127.0.0.1:${port}`, '-e', 'nodes()')
    await node.kill('SIGTERM').ended
    return ended
  }
  expect(await join()).toEqual({ code: 0, stdout: "[ 'node@127.0.0.1' ]\n", stderr: '' })
  await rm(`${place.folder}/data`, { recursive: true })
  expectOneLine(await join(), 'E_PEER_KEY_CHANGED', 1)
})
