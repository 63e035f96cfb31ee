import { expect, test } from 'vitest'
import { seamsOf } from '../../test/discovery-seams.ts'
import { limits } from '../limits.ts'
import type { KnownNode } from './backend.ts'
import { staticTable } from './static-table.ts'

test('a node of the table is found where it says', async () => {
  const table = staticTable([
    'a@10.0.0.2:9101',
    'b@host-b',
    { node: 'c@host-c', endpoints: [{ host: 'fd00::1', port: 9103 }, { host: '10.0.0.3' }] },
    'a@10.0.0.2:9102',
  ])(seamsOf())
  expect(await table.resolve('a@10.0.0.2')).toEqual([
    { host: '10.0.0.2', port: 9101 },
    { host: '10.0.0.2', port: 9102 },
  ])
  expect(await table.resolve('b@host-b')).toEqual([{ host: 'host-b' }])
  expect(await table.resolve('c@host-c')).toEqual([{ host: 'fd00::1', port: 9103 }, { host: '10.0.0.3' }])
  expect(await table.resolve('d@10.0.0.2')).toBeUndefined()
  expect((await table.list?.())?.map(({ node }) => node)).toEqual(['a@10.0.0.2', 'b@host-b', 'c@host-c'])
})

test('a table on loopback is for nodes on loopback', async () => {
  const table = staticTable(['a@127.0.0.1:9101', 'b@localhost:9102'])
  expect(await table(seamsOf('me@localhost')).resolve('a@127.0.0.1')).toEqual([{ host: '127.0.0.1', port: 9101 }])
  expect(() => table(seamsOf())).toThrow(expect.objectContaining({ code: 'E_DISCOVERY_INVALID' }))
})

test.each<[string, unknown]>([
  ['a text', 'a@10.0.0.2:9101'],
  ['a row without a host', ['a']],
  ['a port that is none', ['a@10.0.0.2:0']],
  ['a row that is a number', [7]],
  ['a row that is null', [null]],
  ['an address that nobody dials', ['a@10.0.0.2:9101', 'b@0.0.0.0:9101']],
  ['an address in disguise', ['b@127.1:9101']],
  ['an endpoint that nobody dials', [{ node: 'a@10.0.0.2', endpoints: [{ host: 'ff02::1', port: 9101 }] }]],
  ['a row without endpoints', [{ node: 'a@10.0.0.2' }]],
  ['a row without a name', [{ endpoints: [] }]],
  ['too many endpoints', [{ node: 'a@h', endpoints: Array(limits.endpointsMax + 1).fill({ host: 'h' }) }]],
  ['too many nodes', Array.from({ length: limits.listedNodesMax + 1 }, (_, at) => `n${at}@h:9100`)],
])('a table is refused for %s', (_, table) => {
  const use = () => staticTable(table as readonly (string | KnownNode)[])(seamsOf())
  expect(use).toThrow(expect.objectContaining({ code: 'E_DISCOVERY_INVALID' }))
})
