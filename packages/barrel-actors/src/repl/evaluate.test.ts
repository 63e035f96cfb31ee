import { PassThrough } from 'node:stream'
import { type Node, startNode } from '@barrel-actors/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'

let node: Node

beforeEach(async () => {
  node = await startNode({ name: 'eval@test' })
})

afterEach(() => node.stop())

async function printedBy(expression: string): Promise<string> {
  const output = new PassThrough()
  await evaluate(node, expression, output)
  return String(output.read() ?? '')
}

test('an expression prints its value, promises are awaited', async () => {
  expect(await printedBy('1 + 1')).toBe('2\n')
  expect(await printedBy('{ a: 1 }')).toBe('{ a: 1 }\n')
  expect(await printedBy('await Promise.resolve(node.name)')).toBe("'eval@test'\n")
  expect(await printedBy('undefined')).toBe('')
})

test('statements may return a value', async () => {
  expect(await printedBy('const two = 2; return two * 2')).toBe('4\n')
})

test('what was sent to it can be received', async () => {
  expect(await printedBy('send(self, "hello"); return await node.receive()')).toBe("'hello'\n")
})

test('what it throws is thrown', async () => {
  await expect(printedBy('null.x')).rejects.toThrow(TypeError)
  await expect(printedBy('1 +')).rejects.toThrow(SyntaxError)
})
