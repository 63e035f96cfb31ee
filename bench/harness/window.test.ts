import { expect, test } from 'vitest'
import { Window } from './window.ts'

test('a window lets so many through and keeps the next one waiting until a place is given back', async () => {
  const window = new Window(2)
  let taken = 0
  const taking = (async () => {
    for (; taken < 3; taken++) await window.take()
  })()
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  expect(taken).toBe(2)
  window.give()
  await taking
  expect(taken).toBe(3)
})

test('a window is empty once every place has been given back', async () => {
  const window = new Window(2)
  await window.take()
  await window.take()
  let isEmpty = false
  const emptied = window.empty().then(() => {
    isEmpty = true
  })
  window.give()
  await Promise.resolve()
  expect(isEmpty).toBe(false)
  window.give()
  await emptied
})
