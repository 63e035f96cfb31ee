import { expect, test } from 'vitest'
import { limits } from './limits.ts'
import { PeerBudget } from './peer-budget.ts'

const windowBytes = 1024 * 1024
/** All that came was the peer's. */
const all = () => Number.POSITIVE_INFINITY
const allowance = windowBytes + limits.intakeBytesMax

test('before it is trusted a peer may send a bounded number of bytes, whatever they are', () => {
  const budget = new PeerBudget(windowBytes, 64_000, 0)
  budget.received(64_000)
  budget.read(60_000)
  expect(budget.check(0, all)).toBeUndefined()
  budget.received(1)
  expect(budget.check(0, all)).toContain('before it was authenticated')
})

test('trust lifts that bound', () => {
  const budget = new PeerBudget(windowBytes, 64_000, 0)
  budget.received(60_000)
  budget.trust()
  budget.received(60_000)
  expect([budget.check(0, all), budget.trusted]).toEqual([undefined, true])
})

test('bytes that bring nothing end it, past what flow control lets wait', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let bytes = 0; bytes + 1_350 < allowance; bytes += 1_350) budget.received(1_350)
  expect(budget.check(0, all)).toBeUndefined()
  budget.received(1_350)
  expect(budget.check(0, all)).toContain('carries nothing')
})

test('bytes that are read are free, however many and however small their packets', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let packets = 0; packets < 1_000_000; packets++) {
    budget.received(41)
    budget.read(1)
    budget.sent()
  }
  expect(budget.check(0, all)).toBeUndefined()
})

test('bytes that come many times, because a path reorders, are free once they are read', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let bytes = 0; bytes < 100 * allowance; bytes += 16_384) {
    for (let times = 0; times < 7; times++) budget.received(16_384)
    budget.read(16_300)
    expect(budget.check(0, all)).toBeUndefined()
  }
})

test('long acknowledgements of packets that were sent many times are free', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let bytes = 0; bytes < 10 * allowance; bytes += 1_200) {
    budget.gave(1_200)
    for (let times = 0; times < 7; times++) {
      budget.sent()
      budget.received(400)
    }
    expect(budget.check(0, all)).toBeUndefined()
  }
})

test('a sender of bulk is acknowledged for free', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let packets = 0; packets < 1_000_000; packets++) {
    if (packets % 32 === 0) budget.gave(32 * 1_200)
    budget.sent()
    budget.received(50)
  }
  expect(budget.check(0, all)).toBeUndefined()
})

test('a sender whose packets are nearly all sent again is still not at fault', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  for (let packets = 0; packets < 1_000_000; packets++) {
    if (packets % 4 === 0) budget.gave(1_200)
    budget.sent()
  }
  expect(budget.check(0, all)).toBeUndefined()
})

test('packets that make us answer each of many things in them end it', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  let packets = 0
  while (budget.check(0, all) === undefined) {
    budget.received(1_350)
    for (let answers = 0; answers < 140; answers++) budget.sent()
    packets++
  }
  expect(budget.check(0, all)).toContain('too many answers')
  expect(packets).toBeLessThan(1 + limits.answerPacketsMax / 130)
})

test('pings for ever use nothing up', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  let now = 0
  let problem: string | undefined
  for (let pings = 0; pings < 1_000_000; pings++) {
    now += 100
    budget.received(60)
    budget.sent()
    budget.sent()
    problem ??= budget.check(now, all)
  }
  expect(problem).toBeUndefined()
})

test('bytes that others sent to its connection id cost a peer nothing', () => {
  const budget = new PeerBudget(windowBytes, 64_000, 0)
  for (let packets = 0; packets < 1_000_000; packets++) {
    budget.received(1_350)
    budget.received(41)
    if (packets < 1_000) budget.read(1)
    if (budget.check(0, () => Math.min(60_000, 41 * packets)) !== undefined) throw new Error(`after ${packets}`)
  }
})

test('bytes of others do not hide those of the peer', () => {
  const budget = new PeerBudget(windowBytes, 64_000, 0)
  let peers = 0
  let problem: string | undefined
  while (problem === undefined) {
    budget.received(1_350)
    budget.received(1_000)
    peers += 1_000
    problem = budget.check(0, () => peers)
  }
  expect([problem, peers]).toEqual(['it sent too much before it was authenticated', 65_000])
})

test('nobody saves up answers, nor bytes that bring nothing, past what may be spent at once', () => {
  const answers = new PeerBudget(windowBytes, undefined, 0)
  for (let datagrams = 0; datagrams < 10_000; datagrams++) answers.received(1)
  for (let packets = 0; packets <= limits.answerPacketsMax; packets++) answers.sent()
  expect(answers.check(0, all)).toContain('too many answers')
  const due = new PeerBudget(windowBytes, undefined, 0)
  due.gave(1024 ** 4)
  for (let packets = 0; packets <= limits.answerPacketsMax + limits.duePacketsMax; packets++) due.sent()
  expect(due.check(0, all)).toContain('too many answers')
  for (const brings of ['read', 'gave'] as const) {
    const budget = new PeerBudget(windowBytes, undefined, 0)
    budget[brings](100 * 1024 * 1024)
    budget.received(allowance + 1)
    expect(budget.check(0, all)).toContain('carries nothing')
  }
})

test('time gives back once', () => {
  const budget = new PeerBudget(windowBytes, undefined, 0)
  const spend = (packets: number) => {
    for (let sent = 0; sent < packets; sent++) budget.sent()
  }
  spend(limits.answerPacketsMax + limits.answerPacketsPerSecond)
  expect(budget.check(1_000, all)).toBeUndefined()
  spend(1)
  expect(budget.check(1_000, all)).toContain('too many answers')
})
