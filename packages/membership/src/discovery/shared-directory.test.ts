import { MemoryDisk, VirtualClock } from '@barrel-actors/simulation'
import { describe, expect, test } from 'vitest'
import { keptLog, seamsOf, type TestSeams } from '../../test/discovery-seams.ts'
import { limits } from '../limits.ts'
import { encodeEntry, fileNameOf } from './endpoint-file.ts'
import { type SharedDirectory, type SharedDirectoryOptions, sharedDirectory } from './shared-directory.ts'

const folder = '/shared'
const me = 'me@10.0.0.1'
const you = 'you@10.0.0.2'
const mine = [{ host: '10.0.0.1', port: 9101 }]
const yours = [{ host: '10.0.0.2', port: 9102 }]
const staleMs = 120_000
const refreshMs = 30_000
const collectMs = 600_000

const pathOf = (node: string, cluster = 'barrel') => `${folder}/${fileNameOf(cluster, node)}`

function directoryOf(seams: TestSeams, options: Partial<SharedDirectoryOptions> = {}): SharedDirectory {
  return sharedDirectory({ folder, ...options })(seams) as SharedDirectory
}

/** Two nodes with a folder and the time in common. */
function twoNodes() {
  const shared = { clock: new VirtualClock(), disk: new MemoryDisk() }
  const [seams, other] = [seamsOf(me, shared), seamsOf(you, shared)]
  return { ...shared, seams, other, one: directoryOf(seams), two: directoryOf(other) }
}

/** A file as a node would have written it that long ago. */
function put(
  seams: TestSeams,
  node: string,
  endpoints: { host: string; port?: number }[],
  agoMs = 0,
  cluster = 'barrel',
) {
  const bytes = encodeEntry(cluster, { node, endpoints, writtenAtMs: seams.clock.wall() - agoMs })
  return seams.disk.replace(pathOf(node, cluster), bytes)
}

describe('two nodes that share a folder', () => {
  test('find each other', async () => {
    const { one, two } = twoNodes()
    expect(await two.resolve(me)).toBeUndefined()
    await one.register(me, mine)
    await two.register(you, yours)
    expect(await two.resolve(me)).toEqual(mine)
    expect(await one.resolve(you)).toEqual(yours)
    const both = [
      { node: me, endpoints: mine },
      { node: you, endpoints: yours },
    ]
    for (const each of [one, two]) {
      expect((await each.list()).toSorted((a, b) => (a.node < b.node ? -1 : 1))).toEqual(both)
    }
  })

  test('do not see those of another cluster there, which are counted', async () => {
    const { seams, one, two } = twoNodes()
    const other = directoryOf(seamsOf('me@10.0.0.1', { clock: seams.clock, disk: seams.disk }), { cluster: 'other' })
    await two.register(you, yours)
    await other.register(me, [{ host: '10.9.9.9', port: 1 }])
    expect(await one.resolve(me)).toBeUndefined()
    expect(await one.list()).toEqual([{ node: you, endpoints: yours }])
    expect(one.skipped).toBe(1)
    expect(await other.resolve(me)).toEqual([{ host: '10.9.9.9', port: 1 }])
  })

  test('keep finding each other for as long as both live, and not one that was killed', async () => {
    const { clock, one, two } = twoNodes()
    await one.register(me, mine)
    await clock.advance(10 * staleMs)
    expect(await two.resolve(me)).toEqual(mine)
    // Killed: a node of another folder has the same files from here on, and nobody writes.
    const left = twoNodes()
    await put(left.seams, me, mine)
    await left.clock.advance(staleMs)
    expect(await left.two.resolve(me)).toEqual(mine)
    await left.clock.advance(1)
    expect(await left.two.resolve(me)).toBeUndefined()
    expect(await left.two.list()).toEqual([])
  })
})

describe('a node', () => {
  test('removes its file when it stops, and writes no more', async () => {
    const { clock, disk, one, two } = twoNodes()
    await one.register(me, mine)
    expect(disk.modeOf(pathOf(me))).toBe(0o644)
    await one.unregister(me)
    expect(await disk.list(folder)).toEqual([])
    expect(clock.timersCount).toBe(0)
    expect(await two.resolve(me)).toBeUndefined()
    await one.unregister(me)
  })

  test('that stops while it writes leaves no file', async () => {
    const { disk, one } = twoNodes()
    const registered = one.register(me, mine)
    await one.unregister(me)
    await registered
    expect(await disk.list(folder)).toEqual([])
  })

  test('tells where it is now when it registers again, and when it comes back', async () => {
    const { disk, one, two } = twoNodes()
    await one.register(me, mine)
    await one.register(me, yours)
    expect(await two.resolve(me)).toEqual(yours)
    // Nobody finds it gone meanwhile.
    disk.failNext('remove', new Error('removed'))
    const gone = one.unregister(me)
    await one.register(me, mine)
    await gone
    expect(await two.resolve(me)).toEqual(mine)
  })

  test('does not remove what a later life of it has written', async () => {
    const { seams, clock, disk, one, two } = twoNodes()
    await one.register(me, mine)
    await clock.advance(1)
    const later = directoryOf(seamsOf(me, { clock: seams.clock, disk }))
    await later.register(me, yours)
    await one.unregister(me)
    expect(await two.resolve(me)).toEqual(yours)
  })

  test('whose disk is full at first is found once it can write', async () => {
    const { seams, clock, disk, one, two } = twoNodes()
    disk.failNext('replace', new Error('ENOSPC'))
    disk.failNext('replace', new Error('ENOSPC'))
    await expect(one.register(me, mine)).rejects.toThrow('ENOSPC')
    await clock.advance(refreshMs)
    expect(await two.resolve(me)).toBeUndefined()
    await clock.advance(refreshMs)
    expect(await two.resolve(me)).toEqual(mine)
    expect(seams.log.events()).toEqual(['discovery file not written'])
  })

  test('whose file somebody removed writes it again', async () => {
    const { clock, disk, one, two } = twoNodes()
    await one.register(me, mine)
    await disk.remove(pathOf(me))
    await clock.advance(refreshMs)
    expect(await two.resolve(me)).toEqual(mine)
  })

  test.each<[string, unknown]>([
    ['none', []],
    ['no list', 'x'],
    ['the address of every interface', [{ host: '0.0.0.0', port: 9100 }]],
    ['loopback, though it is not on it', [{ host: '127.0.0.1', port: 9100 }]],
    ['a name that is not its own', [{ host: 'example.com', port: 9100 }]],
    ['too many', Array(limits.endpointsMax + 1).fill(mine[0])],
  ])('cannot register endpoints that others would refuse: %s', async (_, endpoints) => {
    const { clock, disk, one } = twoNodes()
    await expect(one.register(me, endpoints as typeof mine)).rejects.toMatchObject({ code: 'E_DISCOVERY_INVALID' })
    await expect(one.register('../me@h', mine)).rejects.toMatchObject({ code: 'E_NODE_NAME_INVALID' })
    expect(await disk.list(folder)).toEqual([])
    expect(clock.timersCount).toBe(0)
  })

  test('on loopback finds others there', async () => {
    const shared = { clock: new VirtualClock(), disk: new MemoryDisk() }
    const [a, b] = ['a@127.0.0.1', 'b@localhost']
    await directoryOf(seamsOf(a, shared)).register(a, [{ host: '127.0.0.1', port: 9101 }])
    expect(await directoryOf(seamsOf(b, shared)).resolve(a)).toEqual([{ host: '127.0.0.1', port: 9101 }])
    expect(await directoryOf(seamsOf(me, shared)).resolve(a)).toBeUndefined()
  })
})

describe('a stale file', () => {
  test('is collected once it has not changed for long enough, by a node that is registered', async () => {
    const { seams, clock, disk, one } = twoNodes()
    await put(seams, 'dead@10.0.0.9', yours)
    await one.register(me, mine)
    // The first look finds it stale, the second one the same.
    await clock.advance(collectMs)
    expect(await disk.read(pathOf('dead@10.0.0.9'), 4096)).toBeDefined()
    await clock.advance(collectMs)
    expect(await disk.read(pathOf('dead@10.0.0.9'), 4096)).toBeUndefined()
    expect(one.collected).toBe(1)
    expect(await one.list()).toEqual([{ node: me, endpoints: mine }])
  })

  test('is not taken from its owner by a node whose wall clock is wrong', async () => {
    const { disk, clock, two } = twoNodes()
    const ahead = new VirtualClock({ wallMs: clock.wall() + 10 * staleMs })
    const wrong = directoryOf(seamsOf(me, { clock: ahead, disk }))
    await two.register(you, yours)
    for (let at = 0; at < 20 * staleMs; at += refreshMs) {
      await clock.advance(refreshMs)
      await ahead.advance(refreshMs)
      expect(await wrong.list()).toEqual([])
      expect(await two.resolve(you)).toEqual(yours)
    }
    expect(wrong.collected).toBe(0)
  })

  test('from the far future is ignored and collected too', async () => {
    const { seams, clock, disk, one } = twoNodes()
    await put(seams, you, yours, -100 * staleMs)
    expect(await one.resolve(you)).toBeUndefined()
    expect(await one.list()).toEqual([])
    await clock.advance(staleMs + 1)
    expect(await one.list()).toEqual([])
    expect(await disk.list(folder)).toEqual([])
  })

  test('that its owner writes again before it is removed stays', async () => {
    const { seams, clock, disk, one } = twoNodes()
    await put(seams, you, yours, staleMs + 1)
    await one.list()
    await clock.advance(staleMs + 1)
    const read = disk.read.bind(disk)
    disk.read = async (path, bytesMax) => {
      const bytes = await read(path, bytesMax)
      // Between the look that finds it stale and the removal.
      if (disk.read !== read) disk.read = read
      await put(seams, you, yours)
      return bytes
    }
    await one.list()
    expect(await one.resolve(you)).toEqual(yours)
    expect(one.collected).toBe(0)
  })

  test('that cannot be removed is told of, and harms nothing', async () => {
    const { seams, clock, disk, one } = twoNodes()
    await put(seams, you, yours, staleMs + 1)
    await one.list()
    await clock.advance(staleMs + 1)
    disk.failNext('remove', new Error('EPERM'))
    expect(await one.list()).toEqual([])
    expect(seams.log.events()).toEqual(['stale discovery file not removed'])
    await one.list()
    expect(await disk.list(folder)).toEqual([])
  })

  test('is what a write that a crash cut off leaves, in time', async () => {
    const { clock, disk, one } = twoNodes()
    const leftover = `${pathOf(you)}.123-4.tmp`
    await disk.replace(leftover, Buffer.from('{'))
    await disk.replace(`${folder}/notes.tmp`, Buffer.from('of somebody else'))
    await one.list()
    await clock.advance(staleMs)
    await one.list()
    expect(await disk.list(folder)).toHaveLength(2)
    await clock.advance(1)
    await one.list()
    expect(await disk.list(folder)).toEqual(['notes.tmp'])
  })
})

describe('a file with a fault', () => {
  const good = { format: 1, cluster: 'barrel', node: you, endpoints: yours, writtenAtMs: 0 }
  const json = (change: object) => JSON.stringify({ ...good, ...change })

  test.each<[string, string]>([
    ['garbage', '\u0000\u0001\u0002'],
    ['nothing', ''],
    ['half of one', json({}).slice(0, 60)],
    ['a list', '[]'],
    ['null', 'null'],
    ['too much', json({ more: 'x'.repeat(limits.endpointFileBytesMax) })],
    ['another format', json({ format: 2 })],
    ['another cluster', json({ cluster: 'other' })],
    ['another node', json({ node: me })],
    ['no node', json({ node: undefined })],
    ['a path for a node', json({ node: '../../etc@passwd' })],
    ['no endpoints', json({ endpoints: [] })],
    ['too many endpoints', json({ endpoints: Array(limits.endpointsMax + 1).fill(yours[0]) })],
    ['an endpoint that nobody dials', json({ endpoints: [...yours, { host: '169.254.169.254', port: 80 }] })],
    ['loopback', json({ endpoints: [{ host: '127.0.0.1', port: 80 }] })],
    ['a host that somebody else resolves', json({ endpoints: [{ host: 'evil.example.com', port: 80 }] })],
    ['a port that is none', json({ endpoints: [{ host: '10.0.0.2', port: 0 }] })],
    ['no time', json({ writtenAtMs: undefined })],
    ['a time that is a text', json({ writtenAtMs: '0' })],
  ])('is skipped, counted, told once, and not removed: %s', async (_, content) => {
    const seams = seamsOf(me, { clock: new VirtualClock({ wallMs: 0 }) })
    const directory = directoryOf(seams)
    await seams.disk.replace(pathOf(you), Buffer.from(content))
    await directory.register(me, mine)
    expect(await directory.resolve(you)).toBeUndefined()
    expect(await directory.list()).toEqual([{ node: me, endpoints: mine }])
    await seams.clock.advance(3 * collectMs)
    expect(directory.skipped).toBeGreaterThan(3)
    expect(seams.log.events()).toEqual(['discovery file skipped'])
    expect(await seams.disk.list(folder)).toHaveLength(2)
  })

  test('is read again once it is mended, and told again when it breaks again', async () => {
    const seams = seamsOf(me)
    const directory = directoryOf(seams)
    await seams.disk.replace(pathOf(you), Buffer.from('{'))
    expect(await directory.resolve(you)).toBeUndefined()
    await put(seams, you, yours)
    expect(await directory.resolve(you)).toEqual(yours)
    await seams.disk.replace(pathOf(you), Buffer.from('{'))
    expect(await directory.resolve(you)).toBeUndefined()
    expect(seams.log.events()).toEqual(['discovery file skipped', 'discovery file skipped'])
  })

  test('that cannot be read is one too', async () => {
    const seams = seamsOf(me)
    const directory = directoryOf(seams)
    await put(seams, you, yours)
    seams.disk.failNext('read', new Error('EACCES'))
    expect(await directory.resolve(you)).toBeUndefined()
    expect(seams.log.lines).toEqual([
      { event: 'discovery file skipped', fields: { path: pathOf(you), problem: 'EACCES' } },
    ])
    expect(await directory.resolve(you)).toEqual(yours)
  })

  test('is told of for so many files at most, and files with other names are not even read', async () => {
    const seams = seamsOf(me)
    const directory = directoryOf(seams)
    for (let at = 0; at < limits.faultyFilesMax + 10; at++) {
      await seams.disk.replace(pathOf(`n${at}@h`), Buffer.from('{'))
    }
    await seams.disk.replace(`${folder}/README`, Buffer.from('{'))
    await directory.list()
    expect(directory.skipped).toBe(limits.faultyFilesMax + 10)
    expect(seams.log.lines).toHaveLength(limits.faultyFilesMax)
  })
})

test('of a folder with more files than one listing reads, the next listing reads the others', async () => {
  const seams = seamsOf(me)
  const directory = directoryOf(seams)
  const count = limits.endpointFilesMax + 100
  for (let at = 0; at < count; at++) await put(seams, `n${at}@10.0.0.2`, yours)
  const first = await directory.list()
  expect(first).toHaveLength(limits.endpointFilesMax)
  const second = await directory.list()
  expect(new Set([...first, ...second].map(({ node }) => node)).size).toBe(count)
  expect(seams.log.events()).toEqual(['discovery folder too full'])
})

test('a folder that cannot be listed rejects, for the chain to tell', async () => {
  const seams = seamsOf(me)
  seams.disk.failNext('list', new Error('EIO'))
  await expect(directoryOf(seams).list()).rejects.toThrow('EIO')
})

test('the largest entry fits into a file', async () => {
  const host = 'h'.repeat(63)
  const long = `${'n'.repeat(100)}@${[host, host, 'h'.repeat(26)].join('.')}`
  const endpoints = Array.from({ length: limits.endpointsMax }, () => ({ host: long.slice(101), port: 65_535 }))
  const seams = seamsOf(me)
  const directory = directoryOf(seams, { cluster: 'c'.repeat(64) })
  await directory.register(long, endpoints)
  expect(await directory.resolve(long)).toEqual(endpoints)
})

test.each<[string, unknown]>([
  ['no options', undefined],
  ['no folder', {}],
  ['an empty folder', { folder: '' }],
  ['a folder that is none', { folder: 7 }],
  ['a cluster that is a path', { folder, cluster: '../x' }],
  ['an empty cluster', { folder, cluster: '' }],
  ['a time that is none', { folder, refreshMs: 0 }],
  ['a time without end', { folder, staleMs: Infinity }],
  ['a time as a text', { folder, collectMs: '5' }],
  ['files that are stale before they are written again', { folder, refreshMs: 60_000, staleMs: 90_000 }],
  ['a misspelt option', { folder, staleMS: 5 }],
])('options are refused: %s', (_, options) => {
  const make = () => sharedDirectory(options as SharedDirectoryOptions)
  expect(make).toThrow(expect.objectContaining({ code: 'E_DISCOVERY_INVALID' }))
})

test('an option that is undefined has its default', async () => {
  const seams = seamsOf(me, { log: keptLog() })
  const directory = sharedDirectory({ folder, cluster: undefined } as unknown as SharedDirectoryOptions)(seams)
  await directory.register?.(me, mine)
  expect(await seams.disk.list(folder)).toEqual([fileNameOf('barrel', me)])
})
