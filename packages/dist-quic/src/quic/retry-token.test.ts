import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryTokens } from './retry-token.ts'

const tokens = new RetryTokens(() => Buffer.alloc(32, 1), 10_000)
const client = { host: '10.0.0.1', port: 4000 }
const firstId = Buffer.from('first id')
const retryId = Buffer.alloc(16, 2)
const token = tokens.mint({ client, firstId, retryId }, 1_000)

test('a token gives back the first id of the client it was minted for', () => {
  expect(tokens.check(token, client, retryId, 1_000)).toEqual(firstId)
  expect(tokens.check(token, client, retryId, 11_000)).toEqual(firstId)
})

test('a token is worth nothing at another address, another port, with another id, or later', () => {
  expect(tokens.check(token, { ...client, host: '10.0.0.2' }, retryId, 1_000)).toBeUndefined()
  expect(tokens.check(token, { ...client, port: 4001 }, retryId, 1_000)).toBeUndefined()
  expect(tokens.check(token, client, Buffer.alloc(16, 3), 1_000)).toBeUndefined()
  expect(tokens.check(token, client, retryId, 11_001)).toBeUndefined()
})

test('a token of another key, and one with any byte changed, are refused', () => {
  const others = new RetryTokens(() => Buffer.alloc(32, 4), 10_000)
  expect(others.check(token, client, retryId, 1_000)).toBeUndefined()
  for (let at = 0; at < token.length; at++) {
    const forged = Buffer.from(token)
    forged[at] = (forged[at] as number) ^ 1
    expect(tokens.check(forged, client, retryId, 1_000)).toBeUndefined()
  }
})

test('tokens of impossible lengths are refused', () => {
  for (const length of [0, 1, 37, 59, 500]) {
    expect(tokens.check(Buffer.alloc(length), client, retryId, 1_000)).toBeUndefined()
  }
})

test('whatever comes as a token, only the one that was minted is good', () => {
  const forged = fc.oneof(changed([token]), fc.uint8Array({ maxLength: 80 }))
  return fuzz('Retry tokens', forged, bytes => {
    if (tokens.check(bytes, client, retryId, 1_000) === undefined) return 'refused'
    expect(token.equals(bytes)).toBe(true)
    return 'accepted'
  })
})

test('the key changes, and a token from just before the change stays good for the rest of its life', () => {
  let made = 0
  const rotating = new RetryTokens(() => Buffer.alloc(32, ++made), 10_000)
  rotating.mint({ client, firstId, retryId }, 0)
  const late = rotating.mint({ client, firstId, retryId }, 595_000)
  expect(made).toBe(1)
  expect(rotating.check(late, client, retryId, 601_000)).toEqual(firstId)
  expect(made).toBe(2)
  expect(
    rotating.mint({ client, firstId, retryId }, 601_000).equals(tokens.mint({ client, firstId, retryId }, 601_000)),
  ).toBe(false)
  expect(rotating.check(late, client, retryId, 606_000)).toBeUndefined()
})

test('a key that was found out forges nothing once it has changed twice', () => {
  let made = 0
  const rotating = new RetryTokens(() => Buffer.alloc(32, ++made), 10_000)
  rotating.mint({ client, firstId, retryId }, 0)
  const found = new RetryTokens(() => Buffer.alloc(32, 1), 10_000)
  const forged = (now: number) => rotating.check(found.mint({ client, firstId, retryId }, now), client, retryId, now)
  expect(forged(1_000)).toEqual(firstId)
  expect(forged(601_000)).toEqual(firstId)
  expect(forged(611_001)).toBeUndefined()
})

test('a key that was found out is forgotten by a node that nobody has dialed since', () => {
  let made = 0
  const rotating = new RetryTokens(() => Buffer.alloc(32, ++made), 10_000)
  rotating.mint({ client, firstId, retryId }, 0)
  const found = new RetryTokens(() => Buffer.alloc(32, 1), 10_000)
  const forged = found.mint({ client, firstId, retryId }, 700_000)
  expect(rotating.check(forged, client, retryId, 700_000)).toBeUndefined()
})

test('a token from the future is worth nothing; a fraction of a millisecond is none', () => {
  expect(tokens.check(token, client, retryId, 998)).toBeUndefined()
  expect(tokens.check(token, client, retryId, 999.5)).toEqual(firstId)
})

test('what a token says of one thing cannot be read as part of another', () => {
  const minted = tokens.mint({ client, firstId: Buffer.from('1abcdefg'), retryId }, 1_000)
  const shifted = Buffer.concat([minted.subarray(0, 6), minted.subarray(7)])
  expect(tokens.check(shifted, { ...client, port: 40_001 }, retryId, 1_000)).toBeUndefined()
})
