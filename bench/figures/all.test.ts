import { expect, test } from 'vitest'
import { figures } from './all.ts'

test.each(Object.keys(figures))('%s is listed by its own name and has the peer that it names', async name => {
  const figure = await figures[name]?.()
  expect(figure?.name).toBe(name)
  expect(Object.keys(figure?.peers ?? {})).toContain(figure?.peer)
})
