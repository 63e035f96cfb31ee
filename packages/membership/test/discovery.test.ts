/** Discovery over what it meets outside: files of the machine, and a domain name server on a socket. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { silentLog, systemClock, systemDisk } from '@barrel-actors/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DiscoverySeams } from '../src/discovery/backend.ts'
import { discoveryChain } from '../src/discovery/chain.ts'
import { dns } from '../src/discovery/dns.ts'
import { sharedDirectory } from '../src/discovery/shared-directory.ts'
import { dnsServers } from '../src/discovery/system-dns.ts'
import { type DnsServer, srvData, startDnsServer } from './dns-server.ts'

const seamsOf = (node: string): DiscoverySeams => ({ node, clock: systemClock, disk: systemDisk, log: silentLog })

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'barrel-discovery-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('a folder of the machine', () => {
  const [me, you] = ['me@10.0.0.1', 'you@10.0.0.2']
  const mine = [{ host: '10.0.0.1', port: 9101 }]
  const yours = [{ host: '10.0.0.2', port: 9102 }]

  test('is where two nodes find each other, garbage or not, and nothing of them stays behind', async () => {
    const folder = join(root, 'made', 'when', 'needed')
    const [one, two] = [me, you].map(node => discoveryChain([sharedDirectory({ folder })])(seamsOf(node)))
    await Promise.all([one?.register(me, mine), two?.register(you, yours)])
    await writeFile(join(folder, `${'0'.repeat(64)}.json`), '{"format":1')
    await mkdir(join(folder, `${'1'.repeat(64)}.json`))
    expect(await one?.resolve(you)).toEqual(yours)
    expect(await two?.resolve(me)).toEqual(mine)
    const both = [
      { node: me, endpoints: mine },
      { node: you, endpoints: yours },
    ]
    expect(await one?.list()).toEqual(both)
    await one?.unregister(me)
    expect(await two?.list()).toEqual([both[1]])
    await two?.unregister(you)
    expect(await readdir(folder)).toEqual([`${'0'.repeat(64)}.json`, `${'1'.repeat(64)}.json`])
  })

  test.skipIf(process.platform === 'win32')(
    'is read past FIFOs and a link to an endless device (not on Windows)',
    async () => {
      const one = sharedDirectory({ folder: root })(seamsOf(me))
      await one.register?.(me, mine)
      const fifos = Array.from({ length: 8 }, (_, index) => join(root, `${String(index).repeat(64)}.json`))
      execFileSync('mkfifo', fifos)
      await symlink('/dev/zero', join(root, `${'a'.repeat(64)}.json`))
      const two = sharedDirectory({ folder: root })(seamsOf(you))
      expect(await two.list?.()).toEqual([{ node: me, endpoints: mine }])
      await one.unregister?.(me)
    },
  )

  test('is not that of nodes with another one', async () => {
    const one = sharedDirectory({ folder: join(root, 'one') })(seamsOf(me))
    const two = sharedDirectory({ folder: join(root, 'two') })(seamsOf(you))
    await one.register?.(me, mine)
    expect(await two.list?.()).toEqual([])
    expect(await two.resolve(me)).toBeUndefined()
    await one.unregister?.(me)
  })

  test('holds files that other users of the folder may read', async () => {
    const one = sharedDirectory({ folder: root })(seamsOf(me))
    await one.register?.(me, mine)
    const [file] = await readdir(root)
    expect((await stat(join(root, file as string))).mode & 0o777).toBe(0o644)
    await one.unregister?.(me)
  })

  test('does not keep an OS process alive that has nothing else to do', async () => {
    const packages = fileURLToPath(new URL('../..', import.meta.url))
    const code = `
      import { sharedDirectory } from '${packages}membership/dist/index.js'
      import { silentLog, systemClock, systemDisk } from '${packages}runtime/dist/index.js'
      const seams = { node: '${me}', clock: systemClock, disk: systemDisk, log: silentLog }
      await sharedDirectory({ folder: ${JSON.stringify(root)} })(seams).register('${me}', ${JSON.stringify(mine)})
      console.log('registered')`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code])
    expect(stdout).toBe('registered\n')
    expect(await readdir(root)).toHaveLength(1)
  })
})

describe('a domain name server', () => {
  const service = '_barrel._udp.test'
  let server: DnsServer
  beforeEach(async () => {
    server = await startDnsServer({
      'A node-a.test': [Buffer.of(10, 0, 0, 2), Buffer.of(169, 254, 169, 254)],
      'AAAA node-a.test': [Buffer.from('fd000000000000000000000000000002', 'hex')],
      [`SRV ${service}`]: [srvData(1, 0, 9102, 'node-a.test'), srvData(0, 0, 9101, 'node-a.test')],
      'A half.test': [Buffer.of(10, 0, 0, 3)],
      'AAAA half.test': [],
      'A broken.test': 'fails',
      'A silent.test': 'silent',
      'AAAA silent.test': 'silent',
    })
  })
  afterEach(() => server.close())

  test('tells addresses and ports, and what nobody dials is left out', async () => {
    const backend = dns({ service, resolver: dnsServers([server.address]) })(seamsOf('me@10.0.0.1'))
    expect(await backend.resolve('a@node-a.test')).toEqual([
      { host: '10.0.0.2', port: 9101 },
      { host: 'fd00::2', port: 9101 },
      { host: '10.0.0.2', port: 9102 },
      { host: 'fd00::2', port: 9102 },
    ])
  })

  test('that knows no such name answers, and one that fails does not', async () => {
    const resolver = dnsServers([server.address])
    expect(await resolver.ipv4('half.test')).toEqual(['10.0.0.3'])
    expect(await resolver.ipv6('half.test')).toEqual([])
    expect(await resolver.ipv4('nobody.test')).toEqual([])
    expect(await resolver.services('_none._udp.test')).toEqual([])
    await expect(resolver.ipv4('broken.test')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  })

  test('that is silent does not stop the chain', async () => {
    const folder = join(root, 'shared')
    const backends = [dns({ resolver: dnsServers([server.address]), timeoutMs: 50 }), sharedDirectory({ folder })]
    const chain = discoveryChain(backends)(seamsOf('me@10.0.0.1'))
    const endpoints = [{ host: '10.0.0.4', port: 9104 }]
    await chain.register('b@silent.test', endpoints)
    expect(await chain.resolve('b@silent.test')).toEqual(endpoints)
    await chain.unregister('b@silent.test')
  })

  test('is named by its address', () => {
    expect(() => dnsServers(['nobody'])).toThrow()
  })
})
