import { expect, test } from 'vitest'
import { PacketSize } from './packet-size.ts'

const sizes = [16_383, 1_350, 1_200]

/** Sends that many full packets; as many as `lost` says are lost, which a check then sees. */
function bulk(size: PacketSize, packets: number, lost: (sent: number) => number): void {
  for (let sent = 1; sent <= packets; sent++) {
    if (size.sent(size.nextBytes)) size.check(lost(sent), 0)
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

test('large packets that are nearly all lost make it smaller, and smaller again, and no smaller than the smallest', () => {
  const size = new PacketSize(sizes)
  bulk(size, 64, sent => sent - 10)
  expect(size.bytes).toBe(1_350)
  bulk(size, 64, sent => 54 + sent - 10)
  expect(size.bytes).toBe(1_200)
  bulk(size, 640, sent => 200 + sent)
  expect(size.bytes).toBe(1_200)
})

test('a few large packets, lost one after the other, are enough', () => {
  const size = new PacketSize(sizes)
  for (let lost = 0; lost < 7; lost++) {
    size.sent(5_000)
    size.expired(lost, lost * 1_000 + 500)
  }
  expect(size.bytes).toBe(1_350)
})

test('what is sent because a timer fired is as small as can be, two packets of it', () => {
  const size = new PacketSize(sizes)
  size.expired(0, 0)
  const sent: number[] = []
  for (let packets = 0; packets < 4; packets++) {
    sent.push(size.nextBytes)
    size.sent(size.nextBytes)
  }
  expect(sent).toEqual([1_200, 1_200, 16_383, 16_383])
  expect(size.bytes).toBe(16_383)
})

test('probes of the smallest size do not count as large ones', () => {
  const size = new PacketSize(sizes)
  for (let lost = 0; lost < 20; lost++) {
    size.expired(lost, lost)
    size.sent(size.nextBytes)
  }
  expect(size.bytes).toBe(16_383)
})

test('a loss that was counted late does not weigh on the packets after it', () => {
  const size = new PacketSize(sizes)
  bulk(size, 64, () => 0)
  bulk(size, 2, () => 10)
  size.expired(10, 100)
  expect(size.bytes).toBe(16_383)
})

test('the largest size is tried again after ten minutes', () => {
  const size = new PacketSize(sizes)
  for (let lost = 0; lost < 7; lost++) {
    size.sent(5_000)
    size.expired(lost, 1_000)
  }
  size.expired(6, 600_999)
  expect(size.bytes).toBe(1_350)
  size.expired(6, 601_000)
  expect(size.bytes).toBe(16_383)
})

test('packets given up because the path changed do not count as lost', () => {
  const size = new PacketSize(sizes)
  for (let sent = 0; sent < 20; sent++) size.sent(16_000)
  size.restart(20)
  size.sent(16_000)
  size.expired(20, 40)
  expect(size.bytes).toBe(16_383)
})

test('one size is never left', () => {
  const size = new PacketSize([1_200])
  for (let sent = 0; sent < 200; sent++) expect(size.sent(1_200)).toBe(false)
  for (let now = 0; now < 9_000; now += 500) size.expired(100, now)
  expect([size.bytes, size.nextBytes]).toEqual([1_200, 1_200])
})

test('a check is asked for now and then, not for each packet', () => {
  const size = new PacketSize(sizes)
  const asked = Array.from({ length: 200 }, () => size.sent(16_383)).filter(Boolean)
  expect(asked).toHaveLength(3)
})

test('a size that was tried again and does not pass is left again', () => {
  const size = new PacketSize(sizes)
  let lost = 0
  const losing = (from: number) => {
    for (let round = 0; round < 7; round++) {
      size.sent(16_000)
      lost++
      size.expired(lost, from + round)
    }
  }
  losing(0)
  expect(size.bytes).toBe(1_350)
  size.expired(lost, 700_000)
  expect(size.bytes).toBe(16_383)
  losing(700_001)
  expect(size.bytes).toBe(1_350)
})
