import { describe, expect, test } from 'vitest'
import { parseArguments, selectFigures } from './arguments.ts'

describe('the command line', () => {
  test('without arguments means every figure, five runs, a table', () => {
    expect(parseArguments([])).toEqual({ prefixes: [], json: false, runs: 5, profile: false })
  })

  test('takes prefixes and options in any order', () => {
    const args = ['local', '--json', '--runs', '3', 'quic.rtt']
    expect(parseArguments(args)).toEqual({ prefixes: ['local', 'quic.rtt'], json: true, runs: 3, profile: false })
  })

  test.each([
    [['--fast'], "Unknown option '--fast'"],
    [['--runs', 'many'], '--runs many is not a number of runs'],
    [['--runs', '0'], '--runs 0 is not a number of runs'],
    [['--runs'], 'argument missing'],
    [['--profile', '--json'], 'leave --json out'],
  ])('refuses %j in one line', (args, problem) => {
    const error = refusal(() => parseArguments(args))
    expect(error).toContain(problem)
    expect(error).toMatch(/^.*Use: npm run bench.*$/)
  })
})

describe('the figures', () => {
  const names = ['local.send', 'local.call', 'quic.send']

  test('are all selected where there is no prefix', () => {
    expect(selectFigures(names, [])).toEqual(names)
  })

  test('are selected by the beginning of their name, in the order of the list, each once', () => {
    expect(selectFigures(names, ['quic', 'local.s', 'local'])).toEqual(names)
    expect(selectFigures(names, ['local.c'])).toEqual(['local.call'])
  })

  test('do not include an unknown prefix, which is refused with the names that there are', () => {
    const error = refusal(() => selectFigures(names, ['local', 'locla']))
    expect(error).toBe('No figure begins with "locla". There are: local.send, local.call, quic.send.')
  })
})

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError' })
    return (error as Error).message
  }
  throw new Error('It was not refused.')
}
