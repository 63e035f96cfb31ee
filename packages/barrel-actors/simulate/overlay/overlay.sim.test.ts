import { describe, expect, test } from 'vitest'
import { type OverlayArguments, readArguments } from './arguments.ts'
import { clusteringCoefficient, componentsOf, degreeHistogram, hopsFrom, oneSidedLinks, pathsOf } from './graph.ts'
import { latencyOf } from './latency.ts'
import { runOverlay } from './run.ts'

function figuresOf(args: string): Record<string, unknown> {
  const figures: Record<string, unknown> = {}
  runOverlay(readArguments(args.split(' ')) as OverlayArguments, (figure, value) => {
    figures[figure] = value
  })
  return figures
}

const calm = {
  componentsAfterJoin: [100],
  components: [100],
  oneSidedLinks: 0,
  meanReliability: 1,
}

describe('the overlay of a hundred nodes', () => {
  test.each(['single', 'random', 'parallel'])(
    'is one, of links held by both ends, when they join by %s contacts',
    join => {
      for (const seed of [1, 2, 3]) {
        const figures = figuresOf(`--nodes 100 --seed ${seed} --join ${join} --cycles 20 --broadcasts 10 --latency wan`)
        expect({ ...figures, componentsAfterJoin: [100] }).toMatchObject(calm)
        expect(Object.keys(figures['degreeHistogram'] as object).every(degree => Number(degree) <= 5)).toBe(true)
      }
    },
  )

  test('sends each payload once to each node, once the tree has formed', () => {
    const figures = figuresOf('--nodes 100 --cycles 60 --broadcasts 50 --paper')
    expect(figures).toMatchObject({ ...calm, redundancyOnceFormed: 0 })
    expect(figures['payloadPerBroadcast']).toBeLessThan(102)
    expect((figures['rmrByCycle'] as number[])[0]).toBeGreaterThan(2)
  })

  test('settles to one payload for each node while broadcasts overlap, and announces several at once', () => {
    for (const seed of [1, 2, 3]) {
      const figures = figuresOf(`--nodes 100 --seed ${seed} --cycles 10 --broadcasts 1000`)
      expect(figures).toMatchObject({ ...calm, oneSidedLinksAfterJoin: 0 })
      // Were every one of them to prune, it would stay above a third.
      expect(figures['redundancyOnceFormed']).toBeLessThan(0.1)
      // One at a time, each would be announced over the two or three links of a node that are lazy.
      expect(figures['controlPerBroadcast']).toBeLessThan(50)
      expect((figures['lastDeliveryHop'] as { mean: number }).mean).toBeGreaterThan(5)
    }
  })

  test('sends as little when idle as one of twenty does', () => {
    const idle = (nodes: number, more: string) =>
      figuresOf(`--nodes ${nodes} --broadcasts 0 ${more}`)['idleTrafficPerNode'] as Record<string, number>
    const few = idle(20, '--cycles 20 --idle 20')['views'] as number
    expect(few).toBeGreaterThan(0.5)
    expect(Math.abs((idle(100, '--cycles 20 --idle 20')['views'] as number) / few - 1)).toBeLessThan(0.15)
    // A probe a second and its answer, and a comparison of the lists of members twice a minute.
    for (const nodes of [20, 60])
      expect(idle(nodes, '--cycles 1 --idle 1 --members')['detector']).toBeCloseTo(2 + 1 / 30, 2)
  })

  test('reaches everybody who is left when half of it dies at once', () => {
    for (const seed of [1, 2, 3]) {
      const figures = figuresOf(`--nodes 100 --seed ${seed} --cycles 20 --broadcasts 50 --fail 50 --paper`)
      expect(figures).toMatchObject({ componentsAfterFailure: [50], oneSidedLinksAfterFailure: 0 })
      expect((figures['kthReliability'] as number[]).slice(10)).toEqual(Array(10).fill(1))
      expect(figures['healingCycles']).toBeLessThanOrEqual(1)
    }
  })

  test('is one again within three cycles after ten minutes of a split in two', () => {
    const figures = figuresOf('--nodes 100 --cycles 20 --broadcasts 10 --split 10')
    expect((figures['componentsInSplit'] as number[]).length).toBeGreaterThan(1)
    expect(figures['splitHealingCycles']).toBeLessThanOrEqual(3)
  })

  test('gives the same figures for the same seed', () => {
    const run = () => ({
      ...figuresOf('--nodes 60 --seed 7 --cycles 5 --broadcasts 5 --fail 30'),
      realSeconds: 0,
      cpuSeconds: 0,
      peakBytes: 0,
    })
    expect(run()).toEqual(run())
  })
})

describe('figures of a graph', () => {
  // A triangle, a tail of two, and a pair apart.
  const graph = [[1, 2], [0, 2], [0, 1, 3], [2, 4], [3], [6], [5]]

  test('count hops, parts, degrees and triangles', () => {
    expect([...hopsFrom(graph, 0)]).toEqual([0, 1, 1, 2, 3, -1, -1])
    expect(componentsOf(graph)).toEqual([5, 2])
    expect(degreeHistogram(graph)).toEqual({ 1: 3, 2: 3, 3: 1 })
    expect(clusteringCoefficient(graph)).toBeCloseTo((1 + 1 + 1 / 3) / 7)
    expect(pathsOf(graph, 100)).toEqual({ averageShortestPath: 36 / 22, floodMaxHops: 3 })
  })

  test('count a link that one end holds, which joins two parts all the same', () => {
    expect(oneSidedLinks([[1], [], [1]])).toBe(2)
    expect(componentsOf([[1], [], [1]])).toEqual([3])
  })
})

test('a way has one latency, the same both ways, within its model', () => {
  const wan = latencyOf('wan', 3)
  const all = Array.from({ length: 200 }, (_, at) => wan(at, 7))
  expect(all).toEqual(Array.from({ length: 200 }, (_, at) => wan(7, at)))
  expect(Math.min(...all)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...all)).toBeLessThanOrEqual(150)
  expect(new Set(all).size).toBeGreaterThan(50)
  expect(latencyOf('constant', 1)(3, 4)).toBe(1)
})

test.each([
  '--nodes',
  '--nodes 1',
  '--nodes 1e3',
  '--nodes x',
  '--join none',
  '--latency moon',
  '--fail 100',
  '--what 1',
  '--seed -1',
  'nodes',
])('the arguments %s are refused', text => {
  expect(readArguments(text.split(' '))).toBeUndefined()
})

test('what is left out has its default', () => {
  expect(readArguments([])).toMatchObject({
    nodes: 1_000,
    seed: 1,
    join: 'single',
    fail: 0,
    cycles: 50,
    broadcasts: 1_000,
  })
  expect(readArguments(['--nodes', '14', '--paper', '--json'])).toMatchObject({ nodes: 14, paper: true, json: true })
})
