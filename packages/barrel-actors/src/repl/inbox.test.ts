import { expect, test } from 'vitest'
import { Inbox } from './inbox.ts'

test('messages are kept in order until they are taken', () => {
  const inbox = new Inbox()
  inbox.add('a')
  inbox.add('b')
  expect(inbox.takeAll()).toEqual({ messages: ['a', 'b'], dropped: 0 })
  expect(inbox.takeAll()).toEqual({ messages: [], dropped: 0 })
})

test('of a flood the last thousand are kept, and the others counted', () => {
  const inbox = new Inbox()
  for (let index = 0; index < 1250; index++) inbox.add(index)
  const { messages, dropped } = inbox.takeAll()
  expect(dropped).toBe(250)
  expect(messages).toHaveLength(1000)
  expect(messages[0]).toBe(250)
})
