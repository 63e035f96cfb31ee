import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { AnswerCache } from './answer-cache.ts'

function setUp() {
  const clock = new VirtualClock()
  const cache = new AnswerCache<string>({ clock, ttlMs: 1_000, negativeTtlMs: 100 })
  const asked: string[] = []
  const get = (key: string, answer: string | undefined, isDoubted = false) =>
    cache.get(key, async doubt => {
      asked.push(key)
      if (isDoubted) doubt()
      return answer
    })
  return { clock, cache, asked, get }
}

test('an answer is used again until its time is over', async () => {
  const { clock, asked, get } = setUp()
  expect(await get('a', 'one')).toBe('one')
  await clock.advance(999)
  expect(await get('a', 'two')).toBe('one')
  await clock.advance(1)
  expect(await get('a', 'two')).toBe('two')
  expect(asked).toEqual(['a', 'a'])
})

test('that nothing is known is kept for less long, and so is an answer that is in doubt', async () => {
  const { clock, asked, get } = setUp()
  expect(await get('a', undefined)).toBeUndefined()
  expect(await get('b', 'guess', true)).toBe('guess')
  await clock.advance(99)
  expect(await get('a', 'one')).toBeUndefined()
  expect(await get('b', 'sure')).toBe('guess')
  await clock.advance(1)
  expect(await get('a', 'one')).toBe('one')
  expect(await get('b', 'sure')).toBe('sure')
  expect(asked).toEqual(['a', 'b', 'a', 'b'])
})

test('who asks while the question is under way gets the same answer', async () => {
  const { cache } = setUp()
  let answer: (text: string) => void = () => {}
  let times = 0
  const ask = () => {
    times++
    return new Promise<string>(resolve => {
      answer = resolve
    })
  }
  const all = [cache.get('a', ask), cache.get('a', ask), cache.get('a', ask)]
  answer('one')
  expect(await Promise.all(all)).toEqual(['one', 'one', 'one'])
  expect(times).toBe(1)
})

test('an answer that was under way when it was forgotten is not kept', async () => {
  const { cache, get } = setUp()
  let answer: (text: string) => void = () => {}
  const before = cache.get('a', () => new Promise(resolve => (answer = resolve)))
  cache.forget('a')
  answer('old')
  expect(await before).toBe('old')
  expect(await get('a', 'new')).toBe('new')
  cache.forget('a')
  expect(await get('a', 'newer')).toBe('newer')
})

test('no more answers are kept than the bound: the one longest unused goes', async () => {
  const { cache, asked, get } = setUp()
  for (let key = 0; key < limits.answersKeptMax; key++) await get(`${key}`, 'x')
  await get('0', 'x')
  await get('one more', 'x')
  expect(cache.size).toBe(limits.answersKeptMax)
  asked.length = 0
  await get('0', 'x')
  expect(asked).toEqual([])
  await get('1', 'x')
  expect(asked).toEqual(['1'])
})

test('no more questions are under way than the bound: past it nothing is known, at once and for the moment', async () => {
  const { cache, asked, get } = setUp()
  const answers: ((text: string) => void)[] = []
  const waiting = Array.from({ length: limits.lookupsMax }, (_, key) =>
    cache.get(`${key}`, () => new Promise<string>(resolve => answers.push(resolve))),
  )
  expect(await get('one more', 'x')).toBeUndefined()
  expect(cache.turnedAway).toBe(1)
  expect(asked).toEqual([])
  for (const answer of answers) answer('y')
  await Promise.all(waiting)
  expect(await get('one more', 'x')).toBe('x')
})
