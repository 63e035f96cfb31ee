import { expect, test } from 'vitest'
import * as barrelActors from './index.ts'

test('these are the names that applications import', () => {
  expect(Object.keys(barrelActors).sort()).toMatchInlineSnapshot()
})
