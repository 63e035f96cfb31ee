/** The commands `cluster` and `keys`, and nodes that start with what they make. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Barrel, counterModule, Place } from './barrel.ts'

const portOf = async (node: Barrel) => (await node.until(/^address .*:(\d+) \(UDP\)$/m))[1] as string
const publicKeyIn = (text: string) => /public key +(\S+)/.exec(text)?.[1] as string

test('a new cluster key is readable by its owner only, is shown again, and is never overwritten', async () => {
  await using place = await Place.make()
  const made = await place.run('cluster', 'new')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const path = join(place.folder, 'cluster.key')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const shown = await place.run('cluster', 'show')
  expect(publicKeyIn(shown.stdout)).toBe(publicKeyIn(made.stdout))
  const key = await readFile(path, 'utf8')
  const again = await place.run('cluster', 'new')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('E_FILE_EXISTS')])
  expect(await readFile(path, 'utf8')).toBe(key)
})

test('nodes with the cluster key meet, the shell finds it by itself, and who has no key is refused', async () => {
  await using place = await Place.make()
  await using elsewhere = await Place.make()
  await place.run('cluster', 'new')
  await place.write('counter.mjs', counterModule)
  await using a = place.start('counter.mjs', '--name', 'a@127.0.0.1', '--port', '0', '--cluster-key', 'cluster.key')
  const port = await portOf(a)
  const seed = `a@127.0.0.1:${port}`
  const ask = ['-e', "call({ name: 'counter', node: 'a@127.0.0.1' }, { add: 1 })"]
  expect(await place.run('repl', '--join', seed, ...ask)).toMatchObject({ code: 0, stdout: '6\n' })
  const refused = await elsewhere.run('repl', '--join', seed, ...ask)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('no-certificate')])
  await elsewhere.run('cluster', 'new')
  const other = await elsewhere.run('repl', '--join', seed, '--cluster-key', 'cluster.key', ...ask)
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('other-cluster')])
})

test('a node that others reach says how it is closed to strangers, and does not start', async () => {
  await using place = await Place.make()
  const { code, stderr } = await place.run('start', '--bind', '0.0.0.0', '--port', '0')
  expect([code, stderr]).toEqual([1, expect.stringMatching(/E_CLUSTER_OPEN .*clusterKey.*'strict'.*openToStrangers/)])
  await using open = place.start('--bind', '0.0.0.0', '--port', '0', '--open-to-strangers')
  await portOf(open)
  await using strict = place.start('--bind', '0.0.0.0', '--port', '0', '--strict', '--name', 'b@127.0.0.1')
  await portOf(strict)
})

test('a certificate that was signed for a node lets it in without the cluster key', async () => {
  await using place = await Place.make()
  const cluster = publicKeyIn((await place.run('cluster', 'new')).stdout)
  await using a = place.start('--name', 'a@127.0.0.1', '--port', '0', '--cluster-key', 'cluster.key')
  const port = await portOf(a)
  // Its first start makes its key.
  await using first = place.start('--name', 'b@127.0.0.1', '--port', '0')
  await portOf(first)
  await first.kill('SIGTERM').ended
  const nodeKey = 'data/b@127.0.0.1/keys/node.pub'
  const args = ['--name', 'b@127.0.0.1', '--node-key', nodeKey, '--out', 'b.certificate']
  expect(await place.run('cluster', 'sign', ...args)).toMatchObject({ code: 0, stderr: '' })
  const certified = ['--cluster-certificate', 'b.certificate', '--cluster-public-key', cluster]
  const join = ['--join', `a@127.0.0.1:${port}`]
  await using b = place.start('--name', 'b@127.0.0.1', '--port', '0', ...certified, ...join)
  await b.until(/^joined the others: a@127\.0\.0\.1 is a neighbour$/m)
  // The certificate is for that name and key.
  const { code, stderr } = await place.run('start', '--name', 'c@127.0.0.1', '--port', '0', ...certified)
  expect([code, stderr]).toEqual([1, expect.stringMatching(/E_CLUSTER_CERTIFICATE_INVALID .*it is for /)])
})

test('what cannot be signed is said', async () => {
  await using place = await Place.make()
  const key = publicKeyIn((await place.run('cluster', 'new')).stdout)
  for (const [args, code] of [
    [['--name', 'b@127.0.0.1', '--node-key', 'nothing.pub'], 'E_ARGUMENT_INVALID'],
    [['--name', 'b', '--node-key', 'cluster.key'], 'E_NODE_NAME_INVALID'],
    [['--name', 'b@127.0.0.1', '--node-key', 'cluster.key'], 'E_PEER_KEY_INVALID'],
    [['--name', 'b@127.0.0.1', '--node-key', 'x', '--days', '0'], 'E_ARGUMENT_INVALID'],
    [['--name', 'b@127.0.0.1', '--node-key', 'x', '--cluster-key', 'none'], 'E_CLUSTER_KEY_INVALID'],
    [['--name', 'b@127.0.0.1'], 'E_ARGUMENT_INVALID'],
    [['--name', 'b@127.0.0.1', '--node-key', 'data/node.key'], 'it is the secret half'],
    [['--name', 'b@127.0.0.1', '--node-key', '.'], 'E_ARGUMENT_INVALID'],
    [['--name', 'b@127.0.0.1', '--node-key', key, '--out', 'cluster.key'], 'E_FILE_EXISTS'],
  ] as const) {
    expect((await place.run('cluster', 'sign', ...args)).stderr).toContain(code)
  }
})

test('the keys of a stopped node are listed, pinned, forgotten, revoked and rotated', async () => {
  await using place = await Place.make()
  const missing = await place.run('keys', 'list')
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('E_DATA_MISSING')])
  await using node = place.start('--port', '0')
  await portOf(node)
  expect((await place.run('keys', 'show')).stderr).toContain('E_DATA_IN_USE')
  await node.kill('SIGTERM').ended
  const shown = (await place.run('keys', 'show')).stdout
  const key = publicKeyIn((await place.run('cluster', 'new')).stdout)
  expect((await place.run('keys', 'trust', 'peer@127.0.0.1', key)).stdout).toContain('peer@127.0.0.1 is pinned to')
  expect((await place.run('keys', 'list')).stdout).toMatch(/^peer@127\.0\.0\.1 {2}[0-9a-f:]{79} {2}operator {2}/)
  expect((await place.run('keys', 'revoke', 'peer@127.0.0.1')).stdout).toMatch(/^revoked [0-9a-f:]{79}$/m)
  expect((await place.run('keys', 'list')).stdout).toContain('  revoked  ')
  expect((await place.run('keys', 'forget', 'peer@127.0.0.1')).stdout).toBe('peer@127.0.0.1 is forgotten\n')
  expect((await place.run('keys', 'forget', 'peer@127.0.0.1')).stdout).toBe('peer@127.0.0.1 was not pinned\n')
  expect((await place.run('keys', 'rotate')).stdout).toContain('new fingerprint')
  expect(publicKeyIn((await place.run('keys', 'show')).stdout)).not.toBe(publicKeyIn(shown))
})

test('a cluster key file that is cut, missing, or readable by others stops the start with a reason', async () => {
  await using place = await Place.make()
  await place.run('cluster', 'new')
  const whole = await readFile(join(place.folder, 'cluster.key'), 'utf8')
  await writeFile(join(place.folder, 'half.key'), whole.slice(0, 60))
  await chmod(join(place.folder, 'half.key'), 0o600)
  await writeFile(join(place.folder, 'open.key'), whole)
  await chmod(join(place.folder, 'open.key'), 0o644)
  for (const file of ['half.key', 'missing.key', 'open.key']) {
    const { code, stderr } = await place.run('start', '--port', '0', '--cluster-key', file)
    expect([code, stderr]).toEqual([1, expect.stringContaining('E_CLUSTER_KEY_INVALID')])
  }
})
