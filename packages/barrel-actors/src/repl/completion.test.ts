import type { AsyncCompleter, CompleterResult } from 'node:readline'
import { expect, test } from 'vitest'
import { complete } from './completion.ts'

const names = () => ['counter', 'counter', 'clock', 'a@10.0.0.1']
const own: AsyncCompleter = (line, done) => done(null, [['own'], line])
const completer = complete(own, names)

function completionsOf(line: string): Promise<CompleterResult | undefined> {
  return new Promise(resolve => completer(line, (_, result) => resolve(result)))
}

test('inside quotes, names are offered', async () => {
  expect(await completionsOf("call('cou")).toEqual([['counter'], 'cou'])
  expect(await completionsOf('call({ name: "c')).toEqual([['counter', 'clock'], 'c'])
  expect(await completionsOf("{ node: 'a@10.")).toEqual([['a@10.0.0.1'], 'a@10.'])
})

test('everywhere else the completion is that of the REPL', async () => {
  expect(await completionsOf('node.na')).toEqual([['own'], 'node.na'])
  expect(await completionsOf("require('f")).toEqual([['own'], "require('f"])
})
