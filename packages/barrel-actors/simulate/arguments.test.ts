import { expect, test } from 'vitest'
import { readSeeds } from './arguments.ts'
import { defaultScenario, scenarios } from './scenarios.ts'

test('seeds are read, and refused where they make no sense', () => {
  expect(readSeeds([])).toEqual({ first: 1, last: 1000, json: false })
  expect(readSeeds(['--seed', '17', '--json'])).toEqual({ first: 17, last: 17, json: true })
  expect(readSeeds(['--json', '--seeds', '5..9'])).toEqual({ first: 5, last: 9, json: true })
  for (const wrong of [['--seed'], ['--seed', 'x'], ['--seed', '1..2'], ['--seeds', '9..5'], ['--other', '1'], ['1']]) {
    expect(readSeeds(wrong)).toBeUndefined()
  }
})

test('every scenario of the list is there, the default one too', async () => {
  expect(Object.keys(scenarios)).toContain(defaultScenario)
  for (const load of Object.values(scenarios)) expect((await load()).main).toBeTypeOf('function')
})
