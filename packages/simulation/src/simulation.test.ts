import { type Extension, extensionKey, GenServer, type Self } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { createSimulation, type Simulation } from './simulation.ts'

/** A small world with chance, timers, calls, a kill and a restart in it. */
async function story(seed: number): Promise<string[]> {
  await using simulation = createSimulation({ seed, network: { delayMs: random => 1 + random.next() * 20 } })
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  class Echo extends GenServer {
    override async handleCall(request: unknown) {
      await new Promise<void>(resolve => void this.node.clock.setTimer(3, resolve))
      return request
    }
  }
  b.register('echo', b.spawn(Echo))
  for (let round = 0; round < 5; round++) {
    a.send({ name: 'echo', node: b.name }, Math.floor(simulation.random.next() * 1000))
    b.send(a.pid, round)
    await simulation.until(a.call({ name: 'echo', node: b.name }, { round }))
  }
  a.monitor({ name: 'echo', node: b.name })
  await simulation.advance(50)
  simulation.kill(b)
  await simulation.until(a.receive({ kind: 'down' }))
  const again = await simulation.startNode({ name: 'b@sim' })
  await simulation.until(again.connect(a.name))
  return simulation.trace
}

test('the same seed gives the same trace, another seed another one', async () => {
  const trace = (await story(7)).join('\n')
  expect(trace.split('\n').length).toBeGreaterThan(30)
  expect((await story(7)).join('\n')).toBe(trace)
  expect((await story(8)).join('\n')).not.toBe(trace)
})

test('a node that is killed does nothing any more', async () => {
  await using simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  const seen: string[] = []
  const { promise: outside, resolve: letGo } = deferred()
  const waiting = a.spawn(async (self: Self) => {
    self.node.clock.setTimer(10, () => seen.push('timer'))
    void simulationDisk(simulation).then(() => seen.push('disk'))
    self.send(b.pid, 'before')
    await self.receive({ kind: 'queued' })
    seen.push('message')
  })
  a.spawn(async (self: Self) => {
    await outside
    self.send(b.pid, 'after')
    self.node.clock.setTimer(1, () => seen.push('late timer'))
    self.node.log.info('late')
    await self.receive(undefined, { timeoutMs: 5 }).catch(() => seen.push('time-out'))
  })
  await simulation.advance(5)
  a.send(waiting, { kind: 'queued' })
  simulation.kill(a)
  letGo()
  await simulation.advance(10_000)
  expect(seen).toEqual(['disk'])
  expect(await b.receive()).toBe('before')
  const lines = simulation.trace.filter(line => line.includes(' a@sim '))
  expect(lines.at(-1)).toBe('5 a@sim killed')
  await expect(simulation.until(b.receive(), { withinMs: 100 })).rejects.toThrow('did not settle')
})

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

const simulationDisk = (simulation: Simulation) => simulation.disk('a@sim').list('/')

const diskKey = extensionKey<Disk>('the disk of the node')
type Disk = { read(): Promise<unknown>; write(): Promise<void> }

/** Offers the disk that a node has from its host. */
const disk: Extension<Disk> = {
  key: diskKey,
  install: async host => ({
    api: {
      read: () => host.disk.read('/a@sim/file', 100),
      write: () => host.disk.replace('/a@sim/file', Uint8Array.of(1)),
    },
  }),
}

test('the disk outlives its node, and a killed node cannot reach it', async () => {
  await using simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim', extensions: [disk] })
  const settled: string[] = []
  void a
    .extension(diskKey)
    .read()
    .then(() => settled.push('read'))
  simulation.kill(a)
  void a
    .extension(diskKey)
    .write()
    .then(() => settled.push('written'))
  await simulation.advance(100)
  expect(settled).toEqual([])
  const again = await simulation.startNode({ name: 'a@sim', extensions: [disk] })
  expect(await again.extension(diskKey).read()).toBe(undefined)
  await again.extension(diskKey).write()
  expect(await simulation.disk('a@sim').list('/a@sim')).toEqual(['creation', 'file'])
  expect(simulation.disk(again).modeOf('/a@sim/creation')).toBe(0o600)
})

test('the creation grows with every life, also within a second and when the wall clock has jumped back', async () => {
  await using simulation = createSimulation({ wallMs: 1_000_000_000 })
  const lives: number[] = []
  for (const jumpMs of [0, 0, -500_000_000, 600_000_000]) {
    simulation.jumpWall('a@sim', jumpMs)
    const a = await simulation.startNode({ name: 'a@sim' })
    lives.push(a.creation)
    if (lives.length === 2) await simulation.until(a.stop())
    else simulation.kill(a)
  }
  expect(lives).toEqual([1_000_000, 1_000_001, 1_000_002, 1_100_000])
})

test('each machine has a wall clock of its own, and all have the same time', async () => {
  await using simulation = createSimulation({ wallMs: 5000 })
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  simulation.jumpWall(a, 60_000)
  await simulation.advance(10)
  expect([a.clock.wall(), b.clock.wall(), a.clock.now(), b.clock.now()]).toEqual([65_010, 5010, 10, 10])
})

test('a name runs once at a time', async () => {
  await using simulation = createSimulation()
  await simulation.startNode({ name: 'a@sim' })
  await expect(simulation.startNode({ name: 'a@sim' })).rejects.toThrow('a@sim runs already')
})

test('nodes may start at once, and extensions may wait for time to pass', async () => {
  await using simulation = createSimulation()
  const slow: Extension = {
    key: extensionKey('slow'),
    install: async host => {
      const wait = () => new Promise<void>(resolve => void host.clock.setTimer(1000, resolve))
      await wait()
      return { api: undefined, stop: wait }
    },
  }
  const names = ['a@sim', 'b@sim']
  const nodes = await Promise.all(names.map(name => simulation.startNode({ name, extensions: [slow] })))
  expect(nodes.map(node => node.name)).toEqual(names)
  expect(simulation.clock.now()).toBe(1000)
  await simulation[Symbol.asyncDispose]()
  expect(nodes.map(node => node.isStopping)).toEqual([true, true])
})

test('a livelock is an error, in messages and in timers', async () => {
  await using simulation = createSimulation({ instantTurnsMax: 200 })
  const a = await simulation.startNode({ name: 'a@sim' })
  const flood = a.spawn((self: Self) => {
    const again = async () => {
      for await (const message of self) self.send(self.pid as never, message as never)
    }
    return again()
  })
  a.send(flood as never, 'go' as never)
  await expect(simulation.settle()).rejects.toThrow('more than 200 turns at 0 virtual ms, seed 1')
  a.exit(flood, 'kill')
  let spins = true
  const spin = () => void (spins && a.clock.setTimer(0, spin))
  a.clock.setTimer(5, spin)
  await expect(simulation.advance(10)).rejects.toThrow('at 5 virtual ms')
  spins = false
})

test('eventually and until let time pass no further than they must, and say when they gave up', async () => {
  await using simulation = createSimulation({ seed: 42 })
  let ready = false
  simulation.clock.setTimer(300, () => {
    ready = true
  })
  await simulation.eventually(() => ready)
  expect(simulation.clock.now()).toBe(300)
  await expect(simulation.eventually(() => false, { withinMs: 50 })).rejects.toThrow(
    'it did not come true within 50 virtual ms, at 350 ms, seed 42',
  )
  await expect(simulation.until(new Promise(() => {}), { withinMs: 50 })).rejects.toThrow('at 400 ms, seed 42')
  await expect(simulation.until(Promise.reject(new Error('its own')))).rejects.toThrow('its own')
})
