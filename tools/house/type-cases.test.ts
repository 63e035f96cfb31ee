// How many cases hold the types of the runtime.
import { expect, test } from 'vitest'
import { readFiles } from './project.ts'

/** One case: an error that must come, or a type that must be inferred. */
const caseOf = /@ts-expect-error|expectTypeOf[<(]/g

test('the types of the runtime are held by at least 100 cases', () => {
  const files = readFiles(/^packages\/runtime\/src\/.*types\.test\.ts$/)
  expect(files.flatMap(file => file.text.match(caseOf) ?? []).length).toBeGreaterThanOrEqual(100)
})
