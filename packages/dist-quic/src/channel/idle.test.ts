import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { IdleCollector } from './idle.ts'

function setUp() {
  const clock = new VirtualClock()
  const channel = {
    node: 'b@host',
    isUp: true,
    signalsCount: 1,
    hasWaiting: false,
    offers: 0,
    offerEnd() {
      this.offers++
    },
  }
  const kept = new Set<string>()
  const options = { idleChannelMs: 1000, idleSweepMs: 100 }
  const collector = new IdleCollector(
    clock,
    options,
    () => [channel],
    node => kept.has(node),
  )
  collector.start()
  return { clock, channel, kept, collector }
}

test('a channel that carries nothing is offered to end once it has been idle for the time', async () => {
  const { clock, channel, collector } = setUp()
  await clock.advance(1000)
  expect([channel.offers, collector.mayEnd(channel)]).toEqual([0, true])
  await clock.advance(100)
  expect(channel.offers).toBe(1)
})

test.each([
  ['carries signals now and then', ({ channel }) => Object.assign(channel, { signalsCount: channel.signalsCount + 1 })],
  ['is kept', ({ kept }) => kept.add('b@host')],
  ['has something waiting', ({ channel }) => Object.assign(channel, { hasWaiting: true })],
  ['is not up', ({ channel }) => Object.assign(channel, { isUp: false })],
] as [string, (world: ReturnType<typeof setUp>) => unknown][])(
  'a channel that %s is never offered to end',
  async (_, use) => {
    const world = setUp()
    for (let times = 0; times < 20; times++) {
      use(world)
      await world.clock.advance(500)
      expect(world.collector.mayEnd(world.channel)).toBe(false)
    }
    expect(world.channel.offers).toBe(0)
  },
)

test('the time begins anew with the last use', async () => {
  const { clock, channel, kept } = setUp()
  kept.add('b@host')
  await clock.advance(5000)
  kept.delete('b@host')
  await clock.advance(900)
  expect(channel.offers).toBe(0)
  await clock.advance(300)
  expect(channel.offers).toBeGreaterThan(0)
})

test('what was used since the last look may not end, however long it was idle before', async () => {
  const { clock, channel, kept, collector } = setUp()
  await clock.advance(1050)
  expect(collector.mayEnd(channel)).toBe(true)
  channel.signalsCount++
  expect(collector.mayEnd(channel)).toBe(false)
  await clock.advance(600)
  expect(collector.mayEnd(channel)).toBe(true)
  kept.add('b@host')
  expect(collector.mayEnd(channel)).toBe(false)
})

test('after its stop it looks no more', async () => {
  const { clock, channel, collector } = setUp()
  collector.stop()
  await clock.advance(10_000)
  expect(channel.offers).toBe(0)
})
