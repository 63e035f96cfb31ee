import { expect, test } from 'vitest'
import { VirtualTurns } from './turns.ts'

test('soon goes before later, in the order asked for; what a turn asks for waits for the next round', () => {
  const turns = new VirtualTurns()
  const ran: string[] = []
  turns.later(() => ran.push('later'))
  turns.soon(() => {
    ran.push('first')
    turns.soon(() => ran.push('asked for meanwhile'))
  })
  turns.soon(() => ran.push('second'))
  expect(turns.runRound()).toBe(2)
  expect(ran).toEqual(['first', 'second'])
  expect([turns.runRound(), turns.runRound(), turns.runRound()]).toEqual([1, 1, 0])
  expect(ran).toEqual(['first', 'second', 'asked for meanwhile', 'later'])
})
