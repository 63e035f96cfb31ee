import { seededRandom } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { Agenda } from './agenda.ts'

test('what is to happen happens in order of time, and what is for the same time in the order it came', () => {
  const random = seededRandom('agenda')
  const draw = (below: number) => Math.floor(random.next() * below)
  const agenda = new Agenda()
  const happened: [atMs: number, number: number][] = []
  let number = 0
  const add = (atMs: number): void => {
    const own = number++
    const run = () => {
      expect(agenda.nowMs).toBe(atMs)
      happened.push([atMs, own])
      if (number < 20_000) for (let count = draw(3); count > 0; count--) add(atMs + draw(2) * draw(20_000))
    }
    agenda.add({ atMs, run })
  }
  let endMs = 0
  while (endMs < 1_000_000) {
    // The same few times again and again, of this block and of later ones.
    for (let count = 0; count < 20; count++) add(endMs + draw(4) * draw(3) * 4_095)
    const before = happened.length
    endMs += draw(2) * draw(30_000)
    agenda.runUntil(endMs)
    expect(agenda.nowMs).toBe(endMs)
    expect(happened.slice(before).every(([atMs]) => atMs <= endMs)).toBe(true)
  }
  agenda.runUntil(endMs + 100_000)
  expect(happened).toHaveLength(number)
  const inOrder = [...happened].sort(([oneMs, one], [otherMs, other]) => oneMs - otherMs || one - other)
  expect(happened).toEqual(inOrder)
})
