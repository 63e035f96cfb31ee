import { type Endpoint, extensionKey, type Host, startNode } from '@barrel-actors/runtime'
import { MemoryDisk, VirtualClock } from '@barrel-actors/simulation'
import { describe, expect, test } from 'vitest'
import { ScriptedDns, seamsOf } from '../../test/discovery-seams.ts'
import { limits } from '../limits.ts'
import type { DiscoveryBackend, DiscoveryFactory, KnownNode } from './backend.ts'
import { addressResolver, type DiscoveryChainOptions, discoveryChain } from './chain.ts'
import { dns } from './dns.ts'
import { sharedDirectory } from './shared-directory.ts'
import { staticTable } from './static-table.ts'

const node = 'a@10.0.0.2'
const here: Endpoint[] = [{ host: '10.0.0.2', port: 9101 }]
const there: Endpoint[] = [{ host: '10.0.0.3', port: 9102 }]

/** A backend that answers that and keeps what it was asked. */
function backendOf(answer: unknown, more: Partial<DiscoveryBackend> = {}) {
  const asked: string[] = []
  const backend: DiscoveryBackend = {
    name: 'custom',
    resolve: async of => {
      asked.push(of)
      return answer as Endpoint[]
    },
    ...more,
  }
  return { asked, factory: (() => backend) satisfies DiscoveryFactory }
}

function chainOf(backends: readonly DiscoveryFactory[], options: DiscoveryChainOptions = {}) {
  const seams = seamsOf()
  return { seams, chain: discoveryChain(backends, options)(seams) }
}

const never = () => new Promise<never>(() => {})
const throws = (): never => {
  throw new Error('broken')
}
const rejects = async (): Promise<never> => throws()

describe('a name', () => {
  test('is resolved by the first backend that knows it; those behind are not asked', async () => {
    const [empty, none, first, second] = [backendOf([]), backendOf(undefined), backendOf(here), backendOf(there)]
    const { chain } = chainOf([empty, none, first, second].map(({ factory }) => factory))
    expect(await chain.resolve(node)).toEqual(here)
    expect([empty, none, first, second].map(({ asked }) => asked.length)).toEqual([1, 1, 1, 0])
  })

  test('that nobody knows is resolved to nothing', async () => {
    expect(await chainOf([]).chain.resolve(node)).toBeUndefined()
    expect(await chainOf([backendOf([]).factory]).chain.resolve(node)).toBeUndefined()
  })

  test('that is none is not asked for', async () => {
    const { asked, factory } = backendOf(here)
    const { chain } = chainOf([factory])
    for (const name of ['../a@h', 'a', '', 7, undefined]) {
      expect(await chain.resolve(name as string)).toBeUndefined()
    }
    expect(asked).toEqual([])
  })

  test.each([
    ['throws', throws],
    ['rejects', rejects],
  ])('is found behind a backend that %s, which is told', async (_, resolve) => {
    const { seams, chain } = chainOf([backendOf(0, { resolve }).factory, backendOf(here).factory])
    expect(await chain.resolve(node)).toEqual(here)
    const fields = { backend: 'custom', operation: 'resolve', problem: 'broken' }
    expect(seams.log.lines).toEqual([{ event: 'discovery backend failed', fields }])
    expect(chain.counts[0]).toMatchObject({ asked: 1, failed: 1 })
  })

  test.each<[string, unknown]>([
    ['a text', '10.0.0.2:9100'],
    ['an object', { host: '10.0.0.2' }],
    ['a list of nonsense', [null, 7, {}, { host: 7 }, { host: '10.0.0.2', port: -1 }]],
    ['addresses that nobody dials', [{ host: '169.254.169.254' }, { host: '0.0.0.0' }, { host: '127.0.0.1' }]],
  ])('is found behind a backend that answers %s', async (_, answer) => {
    const { seams, chain } = chainOf([backendOf(answer).factory, backendOf(here).factory])
    expect(await chain.resolve(node)).toEqual(here)
    expect(seams.log.events()).toEqual(['discovery answer refused'])
    expect(chain.counts[0]?.refused).toBeGreaterThan(0)
  })

  test('is found behind a backend that answers with what throws when it is read', async () => {
    const trap = [Object.defineProperty({}, 'host', { get: throws })]
    const { chain } = chainOf([backendOf(trap).factory, backendOf(here).factory])
    expect(await chain.resolve(node)).toEqual(here)
  })

  test('is found behind a backend that hangs, after its deadline', async () => {
    const { seams, chain } = chainOf([backendOf(0, { resolve: never }).factory, backendOf(here).factory])
    let found: unknown
    const resolved = chain.resolve(node).then(endpoints => {
      found = endpoints
    })
    await seams.clock.advance(1_999)
    expect(found).toBeUndefined()
    await seams.clock.advance(1)
    expect(found).toEqual(here)
    await resolved
    expect(seams.log.events()).toEqual(['discovery backend does not answer'])
    expect(seams.clock.timersCount).toBe(0)
  })

  test('is not changed by an answer, or by a failure, that comes too late', async () => {
    const late: (() => void)[] = []
    const resolve = () =>
      new Promise<Endpoint[]>((answer, fail) =>
        late.push(() => (late.length > 1 ? fail(new Error('x')) : answer(there))),
      )
    const { seams, chain } = chainOf([backendOf(0, { resolve }).factory, backendOf(here).factory], { ttlMs: 1 })
    for (let times = 0; times < 2; times++) {
      const resolved = chain.resolve(node)
      await seams.clock.advance(3_000)
      for (const settle of late) settle()
      expect(await resolved).toEqual(here)
    }
  })

  test('is not asked of a backend that owes too many answers, until it gives them', async () => {
    const owed: ((endpoints: Endpoint[]) => void)[] = []
    const slow = backendOf(0, { resolve: () => new Promise(answer => owed.push(answer)) })
    const { seams, chain } = chainOf([slow.factory, backendOf(here).factory])
    const asked = Array.from({ length: limits.unansweredMax }, (_, at) => chain.resolve(`n${at}@h`))
    expect(await chain.resolve(node)).toEqual(here)
    expect(owed).toHaveLength(limits.unansweredMax)
    expect(chain.counts[0]?.skipped).toBe(1)
    await seams.clock.advance(2_000)
    await Promise.all(asked)
    expect(await chain.resolve('b@10.0.0.2')).toEqual(here)
    expect(owed).toHaveLength(limits.unansweredMax)
    expect(seams.log.events()).toEqual(['discovery backend skipped', 'discovery backend does not answer'])
    for (const answer of owed.splice(0)) answer(there)
    await seams.clock.advance(0)
    const now = chain.resolve('c@10.0.0.2')
    await seams.clock.advance(0)
    owed[0]?.(there)
    expect(await now).toEqual(there)
  })

  test('that fails all the time is told of once a minute', async () => {
    const { seams, chain } = chainOf([backendOf(0, { resolve: throws }).factory])
    for (let second = 0; second < 61; second++) {
      await chain.resolve(node)
      await seams.clock.advance(1_000)
    }
    expect(seams.log.lines.map(({ fields }) => fields['untold'])).toEqual([undefined, 59])
  })
})

describe('an answer', () => {
  test('is used again until its time is over, and that there is none for less long', async () => {
    const { asked, factory } = backendOf(here)
    const nobody = backendOf([])
    const [known, unknown] = [chainOf([factory]), chainOf([nobody.factory])]
    for (const [{ seams, chain }, list, ttlMs] of [
      [known, asked, 5_000],
      [unknown, nobody.asked, 1_000],
    ] as const) {
      await Promise.all([chain.resolve(node), chain.resolve(node)])
      await seams.clock.advance(ttlMs - 1)
      await chain.resolve(node)
      expect(list).toEqual([node])
      await seams.clock.advance(1)
      await chain.resolve(node)
      expect(list).toEqual([node, node])
    }
  })

  test('is forgotten when its node registers or unregisters', async () => {
    const { asked, factory } = backendOf(here)
    const { chain } = chainOf([factory])
    for (const change of [() => chain.register(node, there), () => chain.unregister(node)]) {
      await chain.resolve(node)
      await change()
    }
    await chain.resolve(node)
    expect(asked).toHaveLength(3)
  })

  test('cannot be changed by who gets it', async () => {
    const { chain } = chainOf([backendOf(here).factory])
    const endpoints = (await chain.resolve(node)) as Endpoint[]
    expect(() => Object.assign(endpoints[0] as Endpoint, { host: '10.9.9.9' })).toThrow(TypeError)
    expect(() => endpoints.push({ host: '10.9.9.9' })).toThrow(TypeError)
  })
})

describe('registering', () => {
  test('tells all backends that can be told, whatever the others do', async () => {
    const told: unknown[] = []
    const telling = {
      register: async (...args: unknown[]) => void told.push(['register', ...args]),
      unregister: async (...args: unknown[]) => void told.push(['unregister', ...args]),
    }
    const { seams, chain } = chainOf([
      backendOf(0, { name: 'throws', register: throws, unregister: throws }).factory,
      backendOf(0, { name: 'hangs', register: never, unregister: never }).factory,
      backendOf(0, { name: 'read-only' }).factory,
      backendOf(0, telling).factory,
    ])
    for (const change of [chain.register(node, here), chain.unregister(node)]) {
      await seams.clock.advance(10_000)
      await change
    }
    expect(told).toEqual([
      ['register', node, here],
      ['unregister', node],
    ])
    expect(seams.log.lines.map(({ event, fields }) => [event, fields['backend'], fields['operation']])).toEqual([
      ['discovery backend failed', 'throws', 'register'],
      ['discovery backend does not answer', 'hangs', 'register'],
    ])
    expect(chain.counts.map(({ failed, timedOut }) => [failed, timedOut])).toEqual([
      [2, 0],
      [0, 2],
      [0, 0],
      [0, 0],
    ])
  })

  test('needs a name that is one', async () => {
    const { chain } = chainOf([])
    const problem = { code: 'E_NODE_NAME_INVALID' }
    await expect(chain.register('../x@h', here)).rejects.toMatchObject(problem)
    await expect(chain.unregister('../x@h')).rejects.toMatchObject(problem)
  })
})

describe('a list', () => {
  const listing = (list: unknown): DiscoveryFactory => backendOf([], { list: async () => list as KnownNode[] }).factory

  test('is the union, sorted, each node once and as the first backend says', async () => {
    const { chain } = chainOf([
      listing([
        { node: 'c@h', endpoints: here },
        { node: 'b@h', endpoints: [] },
      ]),
      backendOf([]).factory,
      listing([
        { node: 'c@h', endpoints: there },
        { node: 'b@h', endpoints: there },
        { node: 'a@h', endpoints: [] },
      ]),
    ])
    expect(await chain.list()).toEqual([
      { node: 'a@h', endpoints: [] },
      { node: 'b@h', endpoints: there },
      { node: 'c@h', endpoints: here },
    ])
  })

  test.each<[string, DiscoveryFactory]>([
    ['throws', backendOf([], { list: throws }).factory],
    ['hangs', backendOf([], { list: never }).factory],
    ['answers a text', listing('a@h')],
    [
      'answers nonsense',
      listing([null, 7, {}, { node: '../x@h', endpoints: here }, { node: 'x@0.0.0.0', endpoints: [] }]),
    ],
    ['answers addresses that nobody dials', listing([{ node: 'x@h', endpoints: [{ host: '169.254.169.254' }] }])],
  ])('holds what the others know where a backend %s', async (_, factory) => {
    const { seams, chain } = chainOf([factory, listing([{ node, endpoints: here }])])
    const listed = chain.list()
    await seams.clock.advance(10_000)
    expect(await listed).toEqual([{ node, endpoints: here }])
    expect(seams.log.lines.length).toBe(1)
  })

  test('without end is taken to a bound', async () => {
    const many = (letter: string) =>
      listing(Array.from({ length: 3_000 }, (_, at) => ({ node: `${letter}${at}@h`, endpoints: here })))
    const { chain } = chainOf([many('b'), many('a')])
    const listed = await chain.list()
    expect(listed).toHaveLength(limits.listedNodesMax)
    expect(listed.filter(({ node: each }) => each.startsWith('b'))).toHaveLength(3_000)
  })

  test('of nonsense without end is looked at to a bound', async () => {
    const { chain } = chainOf([listing([...Array(limits.listedNodesMax).fill(null), { node, endpoints: here }])])
    expect(await chain.list()).toEqual([])
    expect(chain.counts[0]?.refused).toBe(limits.listedNodesMax)
  })
})

test('a chain is a backend of a chain', async () => {
  const seams = seamsOf('me@10.0.0.1')
  const resolver = new ScriptedDns()
  resolver.a['named'] = ['10.0.0.4']
  const inner = discoveryChain([sharedDirectory({ folder: '/shared' }), dns({ resolver })])
  const chain = discoveryChain([staticTable(['a@10.0.0.2:9101']), inner])(seams)
  await chain.register('me@10.0.0.1', there)
  expect(await chain.resolve('a@10.0.0.2')).toEqual(here)
  expect(await chain.resolve('me@10.0.0.1')).toEqual(there)
  expect(await chain.resolve('b@named')).toEqual([{ host: '10.0.0.4', port: 9100 }])
  expect((await chain.list()).map(known => known.node)).toEqual(['a@10.0.0.2', 'me@10.0.0.1'])
  await chain.unregister('me@10.0.0.1')
  expect(await seams.disk.list('/shared')).toEqual([])
})

test('garbage in the shared folder and DNS that hangs keep a node from nothing that the chain knows', async () => {
  const shared = { clock: new VirtualClock(), disk: new MemoryDisk() }
  const [me, you] = ['me@node-1', 'you@node-2']
  const resolver = new ScriptedDns()
  resolver.a['node-2'] = 'hangs'
  resolver.aaaa['node-2'] = new Error('SERVFAIL')
  const backends = [dns({ resolver }), sharedDirectory({ folder: '/shared' })]
  const [one, two] = [me, you].map(name => discoveryChain(backends)(seamsOf(name, shared)))
  await two?.register(you, there)
  await shared.disk.replace(`/shared/${'0'.repeat(64)}.json`, Buffer.from('{"format":1,'))
  const resolved = one?.resolve(you)
  await shared.clock.advance(2_000)
  expect(await resolved).toEqual(there)
  expect(await one?.list()).toEqual([{ node: you, endpoints: there }])
})

test('what a carrier asks for addresses is the chain', async () => {
  const { chain } = chainOf([backendOf(0, { resolve: throws }).factory, backendOf(here).factory])
  const resolver = addressResolver(chain)
  expect(await resolver.resolve(node)).toEqual(here)
  expect(await resolver.resolve('not a name')).toBeUndefined()
})

test('a node asks the chain where others are, and what fails in it is told by the log of the node', async () => {
  const { clock, disk, log } = seamsOf()
  let host: Host | undefined
  const install = async (given: Host) => {
    host = given
    const seams = { node: given.node.name, clock: given.clock, disk: given.disk, log: given.log }
    const chain = discoveryChain([backendOf(0, { resolve: throws }).factory, staticTable(['a@10.0.0.2:9101'])])(seams)
    given.addAddressResolver(addressResolver(chain))
    return { api: chain }
  }
  const extensions = [{ key: extensionKey('discovery'), install }]
  await using _ = await startNode({ name: 'me@10.0.0.1', extensions, clock, disk, log })
  expect(await host?.resolveAddress(node)).toEqual(here)
  expect(await host?.resolveAddress('b@10.0.0.2')).toEqual([])
  expect(log.events()).toContain('discovery backend failed')
})

test.each<[string, () => unknown]>([
  ['no list of backends', () => discoveryChain(undefined as never)],
  ['a backend that is no function', () => discoveryChain([{}] as never)],
  ['too many backends', () => discoveryChain(Array(limits.backendsMax + 1).fill(backendOf([]).factory))],
  ['a time that is none', () => discoveryChain([], { ttlMs: 0 })],
  ['a misspelt option', () => discoveryChain([], { timeout: 5 } as never)],
  ['a backend that is nothing', () => chainOf([() => undefined as never])],
  ['a backend without a name', () => chainOf([backendOf([], { name: '' }).factory])],
  ['a backend that resolves nothing', () => chainOf([backendOf([], { resolve: undefined as never }).factory])],
  ['a list that is no function', () => chainOf([backendOf([], { list: [] as never }).factory])],
])('a chain is refused: %s', (_, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'E_DISCOVERY_INVALID' }))
})
