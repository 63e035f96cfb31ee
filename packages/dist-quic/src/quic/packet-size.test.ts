import { expect, test } from 'vitest'
import { PacketSize } from './packet-size.ts'

const sizes = [16_383, 1_350, 1_200]

/** Sends that many full packets, one a millisecond; as many as `lost` says are lost, which a check then sees. */
function bulk(size: PacketSize, packets: number, lost: (sent: number) => number, from = 0): void {
  for (let sent = 1; sent <= packets; sent++) {
    if (size.sent(size.bytes, from + sent)) size.check(lost(sent), from + sent)
    size.received()
  }
}

test('it begins with the largest size and stays there while packets arrive', () => {
  const size = new PacketSize(sizes)
  bulk(size, 10_000, sent => Math.floor(sent / 30))
  expect(size.bytes).toBe(16_383)
})

test('a third of the packets lost is congestion, not their size', () => {
  const size = new PacketSize(sizes)
  bulk(size, 1_000, sent => Math.floor(sent / 3))
  expect(size.bytes).toBe(16_383)
})

test('large packets that are all lost while answers come make it smaller, and smaller again', () => {
  const size = new PacketSize(sizes)
  bulk(size, 64, sent => sent - 10)
  expect(size.bytes).toBe(1_350)
  bulk(size, 64, sent => 54 + sent - 10, 100)
  expect(size.bytes).toBe(1_200)
  bulk(size, 640, sent => 200 + sent, 200)
  expect(size.bytes).toBe(1_200)
})

test('a few large packets lost one at a time, between answers to small ones, are enough', () => {
  const size = new PacketSize(sizes)
  for (let lost = 0; lost < 7; lost++) {
    size.sent(5_000, lost * 1_000)
    size.received()
    size.expired(lost, lost * 1_000 + 500)
  }
  expect(size.bytes).toBe(1_350)
})

test('a loss that was counted late does not weigh on the packets after it', () => {
  const size = new PacketSize(sizes)
  bulk(size, 64, () => 0)
  bulk(size, 2, () => 10)
  size.expired(10, 100)
  expect(size.bytes).toBe(16_383)
})

test('silence after a large packet makes it smaller after three timers and a second', () => {
  const size = new PacketSize(sizes)
  size.sent(16_000, 0)
  for (const now of [50, 150, 350]) size.expired(0, now)
  expect(size.bytes).toBe(16_383)
  size.expired(0, 1_050)
  expect(size.bytes).toBe(1_350)
})

test('silence without a large packet, or ended by any answer, changes nothing', () => {
  const size = new PacketSize(sizes)
  size.sent(1_350, 0)
  for (let now = 0; now < 5_000; now += 500) size.expired(0, now)
  size.sent(16_000, 5_000)
  size.expired(0, 5_500)
  size.expired(0, 6_000)
  size.received()
  size.expired(0, 7_000)
  expect(size.bytes).toBe(16_383)
})

test('the larger size is tried again, later after each silence', () => {
  const size = new PacketSize(sizes)
  const silence = (now: number) => {
    size.sent(16_000, now)
    for (let timers = 1; timers <= 3; timers++) size.expired(0, now + timers * 400)
  }
  silence(0)
  expect(size.bytes).toBe(1_350)
  size.expired(0, 11_199)
  expect(size.bytes).toBe(1_350)
  size.expired(0, 11_200)
  expect(size.bytes).toBe(16_383)
  silence(20_000)
  size.expired(0, 61_199)
  expect(size.bytes).toBe(1_350)
  size.expired(0, 61_200)
  expect(size.bytes).toBe(16_383)
})

test('packets given up because the path changed do not count as lost', () => {
  const size = new PacketSize(sizes)
  for (let sent = 0; sent < 20; sent++) size.sent(16_000, sent)
  size.restart(20)
  size.sent(16_000, 30)
  size.expired(20, 40)
  expect(size.bytes).toBe(16_383)
})

test('one size is never left', () => {
  const size = new PacketSize([1_200])
  for (let sent = 0; sent < 200; sent++) expect(size.sent(1_200, sent)).toBe(false)
  for (let now = 0; now < 9_000; now += 500) size.expired(100, now)
  expect(size.bytes).toBe(1_200)
})
