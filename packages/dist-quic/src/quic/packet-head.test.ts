import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectionIdBytes, destinationKey, isWithoutId, keyOf, longHead } from './packet-head.ts'

const id = Buffer.alloc(connectionIdBytes, 9)
const long = Buffer.concat([Buffer.from([0xc0, 0, 0, 0, 1, id.length]), id, Buffer.from([2, 7, 8]), Buffer.alloc(20)])

test('a short and a long packet to one id have one key', () => {
  const short = Buffer.concat([Buffer.from([0x40]), id, Buffer.alloc(20)])
  expect(destinationKey(short)).toBe(keyOf(id))
  expect(destinationKey(long)).toBe(keyOf(id))
})

test('the head of an initial packet is read', () => {
  expect(longHead(long)).toEqual({ version: 1, initial: true, destination: id, source: Buffer.from([7, 8]) })
})

test('what is for a peer without an id is known by its head, or may be any short packet', () => {
  const none = Buffer.concat([Buffer.from([0xc0, 0, 0, 0, 1, 0, 2, 7, 8]), Buffer.alloc(20)])
  expect([none, long].map(isWithoutId)).toEqual([true, false])
  const short = Buffer.concat([Buffer.from([0x40]), Buffer.alloc(20)])
  expect([short, short.subarray(0, 20), Buffer.alloc(0), none.subarray(0, 6)].map(isWithoutId)).toEqual([
    true,
    false,
    false,
    false,
  ])
})

test('no bytes make reading a head throw, and what is read lies within them', () => {
  const short = Buffer.concat([Buffer.from([0x40]), id, Buffer.alloc(20)])
  return fuzz('packet heads', fc.oneof(changed([long, short]), fc.uint8Array({ maxLength: 64 })), bytes => {
    const packet = Buffer.from(bytes)
    const head = longHead(packet)
    if (head !== undefined) {
      const { destination, source } = head
      expect([packet[5], packet[6 + destination.length]]).toEqual([destination.length, source.length])
      expect(destination.length + source.length + 7).toBeLessThanOrEqual(packet.length)
    }
    return head === undefined && destinationKey(packet) === undefined ? 'refused' : 'accepted'
  })
})
