import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { counterModule, Place } from './barrel.ts'

test('a node says who it is, and stops on a signal with the exit code 0', async () => {
  await using place = await Place.make()
  await using node = place.start('--name', 'a@127.0.0.1', '--port', '0')
  await node.until(/^node {9}a@127\.0\.0\.1, creation \d+$/m)
  const [, port] = await node.until(/^address {6}127\.0\.0\.1:(\d+) \(UDP\)$/m)
  await node.until(/^fingerprint {2}[0-9a-f]{4}(:[0-9a-f]{4}){15}$/m)
  await node.until(/^data {9}.*\/work\/data\/a@127\.0\.0\.1$/m)
  await node.until(new RegExp(`npx barrel-actors repl --join a@127\\.0\\.0\\.1:${port}$`, 'm'))
  expect(await node.kill('SIGTERM').ended).toMatchObject({ code: 0, stderr: '' })
})

test('a later life of a node has the same key and a greater creation', async () => {
  await using place = await Place.make()
  const lives: { creation: number; fingerprint: string }[] = []
  for (const _ of ['first', 'second']) {
    await using node = place.start('--port', '0')
    const [, creation] = await node.until(/creation (\d+)/)
    const [, fingerprint = ''] = await node.until(/fingerprint +(\S+)/)
    lives.push({ creation: Number(creation), fingerprint })
    await node.until(/Ctrl-C/)
    await node.kill('SIGINT').ended
  }
  const [first, second] = lives
  expect(second?.fingerprint).toBe(first?.fingerprint)
  expect(second?.creation).toBeGreaterThan(first?.creation ?? Number.NaN)
})

test('a module runs with the node as its default node, and may stop it', async () => {
  await using place = await Place.make()
  await place.write('counter.mjs', counterModule)
  await place.write(
    'app.mjs',
    `import './counter.mjs'
    export default async node => {
      console.log('reply', await node.call('counter', { add: 1 }), 'on', node.name)
      await node.stop()
    }`,
  )
  const { code, stdout } = await place.run('start', 'app.mjs', '--name', 'm@127.0.0.1', '--port', '0')
  expect(stdout).toMatch(/counter is up\nreply 6 on m@127\.0\.0\.1\n$/)
  expect(code).toBe(0)
})

test('nodes that join by one of them are in one overlay, and say so', async () => {
  await using place = await Place.make()
  await using a = place.start('--name', 'a@127.0.0.1', '--port', '0')
  const [, port] = await a.until(/address .*:(\d+)/)
  await using b = place.start('--name', 'b@127.0.0.1', '--port', '0', '--join', `a@127.0.0.1:${port}`)
  await b.until(/^joined the others: a@127\.0\.0\.1 is a neighbour$/m)
  await a.until(/^joined the others: b@127\.0\.0\.1 is a neighbour$/m)
})

test('a contact that is not there is said once, and asked again until it is', async () => {
  await using place = await Place.make()
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await using b = place.start('--name', 'b@127.0.0.1', '--port', '0', '--join', `a@127.0.0.1:${port}`)
  await b.until(/Ctrl-C/)
  await b.untilError(/^barrel-actors: E_NODE_UNREACHABLE [^\n]*a@127\.0\.0\.1/m)
  socket.close()
  await using _a = place.start('--name', 'a@127.0.0.1', '--port', String(port))
  await b.until(/^joined the others: a@127\.0\.0\.1 is a neighbour$/m)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s ends it at once, although something does not want to stop', async (signal, code) => {
  await using place = await Place.make()
  await place.write(
    'stubborn.mjs',
    `export default node => {
      node.stop = () => new Promise(() => {})
      Object.defineProperty(node, 'isStopping', { get: () => stopping })
      let stopping = false
      process.once('${signal}', () => { stopping = true; console.log('asked') })
      console.log('ready')
    }`,
  )
  await using node = place.start('stubborn.mjs', '--port', '0')
  await node.until(/ready/)
  node.kill(signal)
  await node.until(/asked/)
  expect((await node.kill(signal).ended).code).toBe(code)
})

test('an error that nobody catches ends the node with one line', async () => {
  await using place = await Place.make()
  await place.write('late.mjs', 'setImmediate(() => { throw new TypeError("too late") })')
  const { code, stderr } = await place.run('start', 'late.mjs', '--port', '0')
  expect(stderr).toMatch(/^barrel-actors: E_UNCAUGHT .*TypeError: too late \(at .*late\.mjs:1:28\)\. [^\n]*\n$/)
  expect(code).toBe(1)
  await place.write('rejected.mjs', 'Promise.reject(new TypeError("unwanted"))')
  const rejected = await place.run('start', 'rejected.mjs', '--port', '0')
  expect(rejected.stderr).toMatch(/^barrel-actors: E_UNCAUGHT .*TypeError: unwanted[^\n]*\n$/)
  expect(rejected.code).toBe(1)
})
