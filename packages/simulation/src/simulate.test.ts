import { GenServer, type Node, type Self } from '@barrel-actors/runtime'
import { describe, expect, test } from 'vitest'
import { drawFaults } from './draw-faults.ts'
import { noFaults } from './faults.ts'
import { seededRandom } from './random.ts'
import { seedsFrom, simulateSeeds } from './seeds.ts'
import { type SimulateOptions, simulate } from './simulate.ts'
import { SimulationFailure } from './simulation-failure.ts'
import type { World } from './world.ts'

class Counter extends GenServer {
  count = 0
  override handleCall() {
    return ++this.count
  }
}

const withCounters: SimulateOptions = {
  nodes: 3,
  node: () => ({ actors: node => node.register('counter', node.spawn(Counter)) }),
}

async function failureOf(run: Promise<unknown>): Promise<SimulationFailure> {
  const error: unknown = await run.catch(thrown => thrown)
  if (error instanceof SimulationFailure) return error
  throw new Error(`it did not fail as a run does: ${error}`)
}

describe('a run', () => {
  test('has whole nodes with the actors of every life, split, crashed and started again', async () => {
    const lives: string[] = []
    const result = await simulate(
      {
        nodes: 3,
        seed: 4,
        node: ({ name, life, index, names }) => {
          lives.push(`${name} ${life}`)
          expect([names.length, names.indexOf(name)]).toEqual([3, index])
          return { actors: node => node.register('counter', node.spawn(Counter)) }
        },
      },
      async world => {
        await world.pass(world.faultsMs)
        await world.calm(10_000)
        for (const node of world.nodes) {
          const [other] = world.nodes.filter(each => each !== node) as [Node]
          await world.simulation.until(node.call({ name: 'counter', node: other.name }, 'next'))
        }
      },
    )
    expect(result.nodes).toBe(3)
    expect(result.virtualMs).toBeGreaterThanOrEqual(60_000)
    for (const point of ['fault: split', 'fault: crash', 'fault: restart']) expect(result.reached.has(point)).toBe(true)
    expect(lives.slice(0, 3)).toEqual(['n1@sim 1', 'n2@sim 1', 'n3@sim 1'])
    expect(lives.length).toBeGreaterThan(3)
  })

  test('starts the actors of the scenario on every node, also on those that start later', async () => {
    const started: string[] = []
    const schedule = [{ kind: 'crash', atMs: 1000, forMs: 10, node: 'n1@sim' }] as const
    await simulate({ nodes: 2, faults: { ...noFaults, schedule } }, async world => {
      world.eachNode(node => {
        started.push(`${node.name} at ${world.nowMs}`)
        expect(world.node(node.name)).toBe(node)
      })
      await world.pass(2000)
    })
    expect(started).toEqual(['n1@sim at 0', 'n2@sim at 0', 'n1@sim at 1010'])
  })

  test('goes the same way with the same seed, and another with another', async () => {
    const scenario = async (world: World) => {
      const node = world.nodes[0] as Node
      while (world.nowMs < 30_000) {
        node.send({ name: 'counter', node: world.pick(world.names) as string }, 'hello')
        await world.pass(world.random.next() * 500)
      }
    }
    const hash = async (seed: number) => (await simulate({ ...withCounters, seed }, scenario)).traceHash
    const [first, again, other] = [await hash(1), await hash(1), await hash(2)]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })

  test('picks as often as weights say', async () => {
    await simulate({ nodes: 1, faults: noFaults, seed: 1 }, async world => {
      const weighted = [
        [6, 'often'],
        [0, 'never'],
        [2, 'seldom'],
      ] as const
      const counts = { often: 0, never: 0, seldom: 0 }
      for (let times = 0; times < 8_000; times++) counts[world.pickWeighted(weighted) as keyof typeof counts]++
      expect(counts.never).toBe(0)
      expect(counts.often / counts.seldom).toBeCloseTo(3, 0)
      expect(world.pickWeighted([])).toBeUndefined()
    })
  })

  test('has the faults that it is told, at their times', async () => {
    const seen: string[] = []
    const schedule = [
      { kind: 'split', atMs: 100, forMs: 200, groups: [['n1@sim'], ['n2@sim']] },
      { kind: 'crash', atMs: 1000, forMs: 500, node: 'n2@sim' },
      { kind: 'pause', atMs: 2000, forMs: 300, node: 'n1@sim' },
      { kind: 'slow', atMs: 3000, forMs: 300, stepMs: 2, node: 'n1@sim' },
      { kind: 'oneWayCut', atMs: 4000, forMs: 100, from: 'n1@sim', to: 'n2@sim' },
      { kind: 'clog', atMs: 5000, forMs: 100, from: 'n2@sim', to: 'n1@sim' },
      { kind: 'clockJump', atMs: 6000, byMs: -5, node: 'n1@sim' },
    ] as const
    await simulate({ nodes: 2, faults: { ...noFaults, schedule } }, world => {
      world.onNote((node, what) => seen.push(`${world.nowMs} ${node} ${what}`))
    })
    expect(seen.filter(line => !/drift|takes 0/.test(line))).toEqual([
      '100 n1@sim cut from n2@sim',
      '300 n1@sim healed towards n2@sim',
      '300 n2@sim healed towards n1@sim',
      '1000 n2@sim killed',
      '1500 n2@sim started, creation 1767225601',
      '2000 n1@sim paused',
      '2300 n1@sim goes on',
      '3000 n1@sim takes 2 ms for each thing it does',
      '4000 n1@sim cut towards n2@sim',
      '4100 n1@sim healed towards n2@sim',
      '5000 n2@sim clogged towards n1@sim for 100 ms',
      '6000 n1@sim its wall clock jumps by -5 ms',
    ])
  })

  test('has what two faults bring about at once until the later one is over', async () => {
    const seen: string[] = []
    const schedule = [
      { kind: 'split', atMs: 100, forMs: 200, groups: [['n1@sim'], ['n2@sim']] },
      { kind: 'oneWayCut', atMs: 200, forMs: 500, from: 'n1@sim', to: 'n2@sim' },
      { kind: 'pause', atMs: 1000, forMs: 500, node: 'n1@sim' },
      { kind: 'pause', atMs: 1100, forMs: 100, node: 'n1@sim' },
      { kind: 'slow', atMs: 2000, forMs: 200, stepMs: 1, node: 'n1@sim' },
      { kind: 'slow', atMs: 2100, forMs: 200, stepMs: 2, node: 'n1@sim' },
      { kind: 'clog', atMs: 3000, forMs: 500, from: 'n1@sim', to: 'n2@sim' },
      { kind: 'clog', atMs: 3100, forMs: 100, from: 'n1@sim', to: 'n2@sim' },
    ] as const
    await simulate({ nodes: 2, faults: { ...noFaults, schedule } }, async world => {
      world.onNote((node, what) => seen.push(`${world.nowMs} ${node} ${what}`))
      await world.pass(2900)
      // So that the clog has a channel to hold up.
      const echo = world.node('n2@sim')?.spawn(Counter)
      const calling = world.node('n1@sim')?.call(echo as never, 'wake')
      await world.pass(150)
      const [counter] = [world.node('n2@sim')?.spawn(Counter)]
      world.node('n1@sim')?.cast(counter as never, 'late')
      await calling
    })
    expect(seen.filter(line => /healed|goes on|takes 0|got cast/.test(line)).slice(0, -2)).toEqual([
      '300 n2@sim healed towards n1@sim',
      '700 n1@sim healed towards n2@sim',
      '1500 n1@sim goes on',
      '2300 n1@sim takes 0 ms for each thing it does',
      '3500 n2@sim got cast from n1@sim',
    ])
  })

  test('tells of each signal that arrives, and says when a node has done nothing', async () => {
    const seen: string[] = []
    await simulate({ nodes: 2, faults: 'none' }, async world => {
      const [a, b] = world.nodes as [Node, Node]
      world.onSignal((from, to, signal) => {
        if (signal.kind === 'send') seen.push(`${from} ${to} ${signal.message}`)
      })
      await world.pass(10)
      const before = [world.simulation.stepsOf(a), world.simulation.stepsOf(b)]
      await world.pass(10)
      expect([world.simulation.stepsOf(a), world.simulation.stepsOf(b)]).toEqual(before)
      a.send({ name: 'nobody', node: b.name }, 'hello' as never)
      await world.pass(10)
      expect(world.simulation.stepsOf(b)).toBeGreaterThan(before[1] as number)
    })
    expect(seen).toEqual(['n1@sim n2@sim hello'])
  })

  test('starts a node again until its disk lets it', async () => {
    const schedule = [{ kind: 'crash', atMs: 1000, forMs: 10, node: 'n1@sim' }] as const
    const faults = { ...noFaults, schedule, disk: { syncFailureRate: 1 } }
    const result = await simulate({ nodes: 1, faults }, async world => {
      await world.pass(world.faultsMs)
      expect(world.nodes).toEqual([])
      await world.calm(10)
      expect(world.nodes.map(node => node.name)).toEqual(['n1@sim'])
    })
    expect(result.reached.get('fault: restart failed')).toBeGreaterThan(10)
    expect(result.reached.get('fault: restart')).toBe(1)
  })
})

describe('a failure', () => {
  test('names the invariant, the seed, the time and the command, and shows what happened last', async () => {
    let calls = 0
    const failing = simulate({ ...withCounters, seed: 17, faults: 'none' }, async world => {
      calls = 0
      world.invariant('three calls at most', () => (calls > 3 ? `there were ${calls}` : undefined))
      const [a, b] = world.nodes as [Node, Node]
      for (;;) {
        await world.simulation.until(a.call({ name: 'counter', node: b.name }, 'next'))
        calls++
        await world.pass(100)
      }
    })
    const failure = await failureOf(failing)
    expect(failure).toMatchObject({ seed: 17, invariant: 'three calls at most' })
    expect(failure.message).toContain('the invariant "three calls at most" does not hold: there were 4')
    expect(failure.message).toContain(`seed 17, at ${failure.virtualMs} virtual ms`)
    expect(failure.message).toContain('again: npm run simulate -- --seed 17')
    expect(failure.message).toContain('n1@sim got reply from n2@sim')
    expect(failure.virtualMs).toBeLessThan(1000)
  })

  test('is found at the event that brought it about, also between two steps of the scenario', async () => {
    let isBroken = false
    const failure = await failureOf(
      simulate({ nodes: 1, faults: 'none' }, async world => {
        world.invariant('holds', () => {
          if (isBroken) throw new Error('it does not')
        })
        const [node] = world.nodes as [Node]
        node.spawn(async (self: Self) => {
          await self.receive(undefined, { timeoutMs: 500 }).catch(() => {})
          isBroken = true
          await self.receive(undefined, { timeoutMs: 1 }).catch(() => {})
          isBroken = false
        })
        await world.pass(10_000)
      }),
    )
    expect(failure).toMatchObject({ invariant: 'holds', virtualMs: 500 })
  })

  test('of the scenario itself is told as one, with its cause', async () => {
    const cause = new Error('no such thing')
    const failure = await failureOf(
      simulate({ nodes: 1, command: 'npm test --' }, () => {
        throw cause
      }),
    )
    expect(failure.message).toContain('the scenario failed: no such thing')
    expect(failure.message).toContain('again: npm test -- --seed 1')
    expect(failure).toMatchObject({ invariant: undefined, cause })
  })
})

describe('many seeds', () => {
  const options = { nodes: 1, faults: 'none', durationMs: 1 } as const

  test('are counted together, and a point that none has reached is an error', async () => {
    const scenario = (world: World) => {
      world.reached('always')
      if (world.seed === 3) world.reached('once')
    }
    const seeds = [...seedsFrom(1, 5)]
    const sometimes = ['always', 'once']
    const report = await simulateSeeds({ ...options, seeds, sometimes }, scenario)
    expect([report.runs, ...report.reached]).toEqual([5, ['always', 5], ['once', 1]])
    const never = simulateSeeds({ ...options, seeds, sometimes: [...sometimes, 'never'] }, scenario)
    await expect(never).rejects.toThrow('in 5 runs these points were never reached: never')
  })

  test('stop at the first failure, unless somebody is told of each', async () => {
    const scenario = (world: World) => {
      if (world.seed % 2 === 0) throw new Error('even')
    }
    const seeds = [...seedsFrom(1, 5)]
    expect((await failureOf(simulateSeeds({ ...options, seeds }, scenario))).seed).toBe(2)
    const told: number[] = []
    const onFailure = ({ seed }: SimulationFailure) => told.push(seed)
    const report = await simulateSeeds({ ...options, seeds, sometimes: ['x'], onFailure }, scenario)
    expect([told, report.failedSeeds, report.missing]).toEqual([[2, 4], [2, 4], ['x']])
  })
})

test('drawn faults lie within their ranges and their time, and every kind comes up', () => {
  const kinds = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const names = ['a@sim', 'b@sim', 'c@sim', 'd@sim']
    const plan = drawFaults(seededRandom(seed), { names, withinMs: 40_000 })
    const counts = new Map<string, number>()
    for (const fault of plan.schedule) {
      counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1)
      kinds.add(fault.kind)
      expect(fault.atMs + ('forMs' in fault ? fault.forMs : 0)).toBeLessThanOrEqual(40_000)
      if (fault.kind === 'split') expect(fault.groups.flat().sort()).toEqual(names)
      if ('from' in fault) expect(fault.from).not.toBe(fault.to)
    }
    for (const kind of ['split', 'crash']) expect(counts.get(kind)).toBeGreaterThanOrEqual(1)
    expect(plan.network.lossRate).toBeGreaterThan(0)
    expect(plan.network.lossRate).toBeLessThanOrEqual(0.3)
    const times = plan.schedule.map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  }
  expect(kinds.size).toBe(7)
})
