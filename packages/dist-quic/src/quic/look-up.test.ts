import { expect, test } from 'vitest'
import { lookUp } from './look-up.ts'

test('a literal is its own address, without asking anybody', async () => {
  expect(await lookUp('10.1.2.3', '0.0.0.0')).toEqual(['10.1.2.3'])
  expect(await lookUp('::1', '::')).toEqual(['::1'])
})

test('a name gives addresses that the bound socket can reach', async () => {
  expect(await lookUp('localhost', '127.0.0.1')).toEqual(['127.0.0.1'])
})

test('a name that does not resolve is refused by the resolver', async () => {
  await expect(lookUp('no-such-host.invalid', '0.0.0.0')).rejects.toThrow()
})
