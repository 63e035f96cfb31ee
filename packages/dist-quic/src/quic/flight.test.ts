import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { Flight } from './flight.ts'
import { limits } from './limits.ts'

const here = { host: '10.0.0.1', port: 1 }
const there = { host: '10.0.0.2', port: 2 }

function setUp() {
  const clock = new VirtualClock()
  const again: [atMs: number, text: string][] = []
  const flight = new Flight(clock, (bytes, length, from, to) => {
    expect([from, to]).toEqual([here, there])
    again.push([clock.now(), bytes.toString('latin1', 0, length)])
  })
  const send = (text: string): void => {
    const buffer = Buffer.from(`${text} and what was in the buffer before`)
    flight.sent(buffer, text.length, here, there)
    buffer.fill(0)
  }
  return { clock, again, flight, send, startMs: clock.now() }
}

const ms = limits.flightMsFirst

test('what is not answered is sent again, after longer and longer times, and not for ever', async () => {
  const { clock, again, send, startMs } = setUp()
  send('one')
  send('two')
  await clock.advance(ms)
  expect(again.map(([, text]) => text)).toEqual(['one', 'two'])
  await clock.advance(100_000)
  const ones = again.filter(([, text]) => text === 'one').map(([atMs]) => (atMs - startMs) / ms)
  expect(ones).toEqual([1, 3, 7, 15, 31].slice(0, limits.flightTimesMax))
})

test('an answer ends a flight once something is sent in return', async () => {
  const { clock, again, flight, send } = setUp()
  send('one')
  flight.answered(false)
  await clock.advance(ms)
  send('two')
  await clock.advance(ms)
  expect(again.map(([, text]) => text)).toEqual(['one', 'two'])
})

test('a short packet, or the end of the connection, ends it for good', async () => {
  const { clock, again, flight, send } = setUp()
  send('one')
  flight.answered(true)
  await clock.advance(100_000)
  send('two')
  flight.stop()
  await clock.advance(100_000)
  expect(again).toEqual([])
})

test('no more datagrams are kept than a handshake has', async () => {
  const { clock, again, send } = setUp()
  for (let count = 0; count < 100; count++) send(`${count}`)
  await clock.advance(ms)
  expect(again).toHaveLength(limits.flightDatagramsMax)
})
