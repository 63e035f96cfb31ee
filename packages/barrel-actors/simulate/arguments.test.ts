import { expect, test } from 'vitest'
import { readSeeds } from './arguments.ts'
import { defaultScenario, scenarios } from './scenarios.ts'

test('seeds are read, and refused where they make no sense', () => {
  expect(readSeeds([])).toEqual({ first: 1, last: 1000, json: false, replay: false, untilFailure: false })
  expect(readSeeds(['--seed', '17', '--json'])).toEqual({
    first: 17,
    last: 17,
    json: true,
    replay: false,
    untilFailure: false,
  })
  const both = { first: 5, last: 9, json: true, replay: true, untilFailure: true }
  expect(readSeeds(['--json', '--seeds', '5..9', '--replay', '--until-failure'])).toEqual(both)
  for (const wrong of [['--seed'], ['--seed', 'x'], ['--seed', '1..2'], ['--seeds', '9..5'], ['--other', '1'], ['1']]) {
    expect(readSeeds(wrong)).toBeUndefined()
  }
})

test('every scenario of the list is there, the default one too', async () => {
  expect(Object.keys(scenarios)).toContain(defaultScenario)
  for (const load of Object.values(scenarios)) expect((await load()).main).toBeTypeOf('function')
})
