import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerToEnd, isNormalEnd, restartedWith, type Strategy } from './strategy.ts'

test('a permanent child is restarted after every end, a transient one after abnormal ends, a temporary one never', () => {
  expect(['normal', 'shutdown', { shutdown: 'x' }, 'boom'].map(reason => answerToEnd('permanent', reason))).toEqual(
    Array(4).fill('restart'),
  )
  expect(['normal', 'shutdown', { shutdown: 'x' }, 'boom'].map(reason => answerToEnd('transient', reason))).toEqual([
    'rest',
    'rest',
    'rest',
    'restart',
  ])
  expect(['normal', 'boom'].map(reason => answerToEnd('temporary', reason))).toEqual(['forget', 'forget'])
})

test('a reason that only inherits a shutdown, or is nothing, is abnormal', () => {
  const reasons = [Object.create({ shutdown: 1 }), null, undefined, 0, 'killed', 'noproc', { error: {} }, []]
  expect(reasons.map(isNormalEnd)).toEqual(Array(reasons.length).fill(false))
})

test('a reason that throws when it is looked at is abnormal', () => {
  const hostile = new Proxy(
    {},
    {
      getOwnPropertyDescriptor() {
        throw new Error('no look')
      },
    },
  )
  expect(isNormalEnd(hostile)).toBe(false)
  expect(answerToEnd('transient', hostile)).toBe('restart')
})

describe('laws', () => {
  const children = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 12 })

  test('what is restarted is in the order of the children and holds the ended one, and just what the strategy says', () => {
    fc.assert(
      fc.property(children, fc.nat(), (children, at) => {
        const ended = children[at % children.length] as number
        const restarted = (strategy: Strategy) => restartedWith(strategy, children, ended)
        expect(restarted('oneForOne')).toEqual([ended])
        expect(restarted('oneForAll')).toEqual(children)
        expect([...children.slice(0, at % children.length), ...restarted('restForOne')]).toEqual(children)
        expect(restarted('restForOne')[0]).toBe(ended)
      }),
    )
  })
})
