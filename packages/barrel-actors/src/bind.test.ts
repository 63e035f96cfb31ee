import { expect, test } from 'vitest'
import { addressToBind } from './bind.ts'

test.each([
  [['127.0.0.1'], '127.0.0.1'],
  [['127.0.0.2', '127.0.0.2'], '127.0.0.2'],
  [['localhost', '127.0.0.2'], '127.0.0.1'],
  [[], '127.0.0.1'],
  [['10.0.0.1'], '0.0.0.0'],
  [['127.0.0.1', 'example.org'], '0.0.0.0'],
])('a node that is meant for this machine only listens on this machine only: %j', (hosts, address) => {
  expect(addressToBind(hosts)).toBe(address)
})
