import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import type { DatagramAdapter } from '../quic/adapter.ts'
import { ConnectOptionsTable } from './connect-options.ts'

const adapter = (): DatagramAdapter => ({ start() {}, send() {}, close() {} }) as unknown as DatagramAdapter
const code = (code: string) => expect.objectContaining({ code })

test('each dial gets an adapter of its own, until the options are cleared', () => {
  const table = new ConnectOptionsTable()
  expect([table.has('b@host'), table.dialOptionsFor('b@host')]).toEqual([false, {}])
  table.set('b@host', { adapter })
  const made = [table.dialOptionsFor('b@host').adapter, table.dialOptionsFor('b@host').adapter]
  expect(made[0]).toBeDefined()
  expect(made[0]).not.toBe(made[1])
  table.clear('b@host')
  expect([table.has('b@host'), table.get('b@host'), table.dialOptionsFor('b@host')]).toEqual([false, undefined, {}])
})

test('what makes no adapter, and what is no node, is refused', () => {
  const table = new ConnectOptionsTable()
  for (const options of [undefined, null, {}, { adapter: {} }]) {
    expect(() => table.set('b@host', options as never)).toThrow(code('E_QUIC_OPTION_INVALID'))
  }
  expect(() => table.set('no node', { adapter })).toThrow(code('E_NODE_NAME_INVALID'))
})

test('there is room for so many nodes, and a full table still takes other options for those it has', () => {
  const table = new ConnectOptionsTable()
  for (let node = 0; node < limits.connectOptionsMax; node++) table.set(`n${node}@host`, { adapter })
  expect(() => table.set('one-more@host', { adapter })).toThrow(code('E_QUIC_OPTION_INVALID'))
  const other = { adapter: () => adapter() }
  table.set('n0@host', other)
  expect(table.get('n0@host')).toBe(other)
  table.clear('n1@host')
  table.set('one-more@host', { adapter })
})
