import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Mailbox } from './mailbox.ts'

const drain = (mailbox: Mailbox): unknown[] => Array.from({ length: mailbox.length }, () => mailbox.shift())

const filled = (...messages: unknown[]): Mailbox => {
  const mailbox = new Mailbox()
  for (const message of messages) mailbox.push(message)
  return mailbox
}

test('messages leave in the order they came, through growth', () => {
  const messages = Array.from({ length: 1000 }, (_, index) => index)
  expect(drain(filled(...messages))).toEqual(messages)
})

test('the order holds when the ring has wrapped before it grows', () => {
  const mailbox = filled('a', 'b', 'c')
  expect([mailbox.shift(), mailbox.shift()]).toEqual(['a', 'b'])
  for (const message of ['d', 'e', 'f', 'g', 'h']) mailbox.push(message)
  expect(drain(mailbox)).toEqual(['c', 'd', 'e', 'f', 'g', 'h'])
})

test('a message taken from the middle leaves the others in order', () => {
  const mailbox = filled('a', 'b', 'c', 'd')
  expect(mailbox.takeAt(2)).toBe('c')
  expect(mailbox.takeAt(0)).toBe('a')
  expect(drain(mailbox)).toEqual(['b', 'd'])
})

test('undefined is a message like any other', () => {
  const mailbox = filled(undefined, 1, undefined)
  expect(mailbox.length).toBe(3)
  expect(drain(mailbox)).toEqual([undefined, 1, undefined])
})

test('remove takes every unwanted message and keeps the rest in order', () => {
  const mailbox = filled(1, 2, 3, 4, 5, 6, 7)
  mailbox.remove(message => (message as number) % 2 === 0, 0)
  expect(drain(mailbox)).toEqual([1, 3, 5, 7])
})

test('a fresh ref is looked for behind what was there before it, whatever is taken meanwhile', () => {
  const taking = fc.array(fc.option(fc.nat()), { maxLength: 150 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), taking, fc.nat(40), (before, takes, after) => {
      const mailbox = filled(...Array.from({ length: before }, () => 'before'))
      mailbox.markFresh(7)
      for (let pushed = 0; pushed < after; pushed++) mailbox.push('after')
      for (const take of takes) {
        if (mailbox.length === 0) break
        if (take === null) mailbox.shift()
        else mailbox.takeAt(take % mailbox.length)
        const messages = Array.from({ length: mailbox.length }, (_, index) => mailbox.at(index))
        const older = messages.filter(message => message === 'before').length
        expect(mailbox.firstPlaceOf(7)).toBe(before < 32 ? 0 : older)
        expect(mailbox.firstPlaceOf(6)).toBe(0)
      }
    }),
  )
})

test('whatever is done to it, a mailbox behaves as an array does', () => {
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), value: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('shift' as const), value: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('takeAt' as const), value: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), value: fc.nat(9) }) },
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), operations => {
      const mailbox = new Mailbox()
      let model: number[] = []
      for (const { kind, value } of operations) {
        if (kind === 'push') {
          mailbox.push(value)
          model.push(value)
        } else if (kind === 'remove') {
          mailbox.remove(message => message === value, 0)
          model = model.filter(message => message !== value)
        } else if (model.length > 0) {
          const place = kind === 'shift' ? 0 : value % model.length
          expect(kind === 'shift' ? mailbox.shift() : mailbox.takeAt(place)).toBe(model.splice(place, 1)[0])
        }
        expect(Array.from({ length: mailbox.length }, (_, index) => mailbox.at(index))).toEqual(model)
      }
    }),
  )
})

test('a mailbox says when it doubles its room, and gives the room back once it is empty', () => {
  const mailbox = new Mailbox()
  const doublings = () => {
    const lengths: number[] = []
    for (let count = 0; count < 2_000; count++) if (mailbox.push(count)) lengths.push(mailbox.length)
    return lengths
  }
  const first = doublings()
  expect(first).toEqual([5, 9, 17, 33, 65, 129, 257, 513, 1025])
  for (let count = 0; count < 2_000; count++) expect(mailbox.shift()).toBe(count)
  expect(doublings()).toEqual(first)
  expect(mailbox.at(1_999)).toBe(1_999)
})
