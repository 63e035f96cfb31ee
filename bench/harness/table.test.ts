import { expect, test } from 'vitest'
import { quantity, tableOf } from './table.ts'

test('a table has a line of titles and a line for each row, in columns', () => {
  const send = {
    name: 'local.send',
    value: 12_340_000,
    unit: 'sends/s',
    peer: 'ring',
    peerValue: 24_680_000,
    ratio: 0.5,
  }
  const idle = { name: 'local.idle', value: 405, unit: 'bytes', peer: 'erlang', peerValue: null, ratio: null }
  const table = tableOf([
    { ...send, others: { erlang: 9_000_000 }, runs: [12_340_000, 11_000_000] },
    { ...idle, others: {}, runs: [405] },
  ])
  expect(table).toBe(
    [
      'figure      ours    least - most   unit     ratio  peer           others',
      'local.send  12.3 M  11 M - 12.3 M  sends/s  0.50   ring 24.7 M    erlang 9 M',
      'local.idle  405     405 - 405      bytes    -      erlang absent',
    ].join('\n'),
  )
})

test('quantities have three digits and a magnitude', () => {
  expect([0.1554, 9.5, 163, 405.4, 9_999, 21_500, 220_200, 1_430_000].map(quantity)).toEqual([
    '0.155',
    '9.5',
    '163',
    '405',
    '9999',
    '21.5 k',
    '220 k',
    '1.43 M',
  ])
})
