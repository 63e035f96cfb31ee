// What must not compile around tasks and rpc, and what is inferred. Checked by `tsc -p tsconfig.check.json`.

import { expect, expectTypeOf, test } from 'vitest'
import type { Node, RpcResult, Self, TaskHandle } from '../index.ts'
import { rpc, startNode, Task } from '../index.ts'

/** Never called: what is in it has only to compile, or not to. */
const never = (_: (self: Self, node: Node) => unknown) => {}

never(self => {
  const sum = Task.of(self).async((a: number, b: number) => a + b, 1, 2)
  expectTypeOf(sum).toEqualTypeOf<TaskHandle<number>>()
  expectTypeOf(Task.await(sum)).resolves.toEqualTypeOf<number>()
  expectTypeOf(Task.async(async () => 'text')).toEqualTypeOf<TaskHandle<string>>()
  expectTypeOf(Task.await(Task.async(() => {}))).resolves.toEqualTypeOf<void>()
  Task.async((text: string, own: Self) => own.send(own.pid, text), 'text')
  // @ts-expect-error: it takes a number
  Task.async((a: number) => a, 'text')
  // @ts-expect-error: a promise is no task
  void Task.await(Promise.resolve(5))
  // @ts-expect-error: milliseconds are a number
  void Task.await(sum, { timeoutMs: '5' })
  // @ts-expect-error: a pid does not act
  Task.of(self.pid)
  // @ts-expect-error: not a function
  Task.async(5)
})

never(() => {
  const lengths = Task.asyncStream(['a', 'bc'], async text => text.length)
  expectTypeOf(lengths).toEqualTypeOf<AsyncGenerator<number, void, undefined>>()
  expectTypeOf(Task.asyncStream(new Set([1]), item => [item])).toEqualTypeOf<
    AsyncGenerator<number[], void, undefined>
  >()
  // @ts-expect-error: a number cannot be iterated
  Task.asyncStream(5, () => 5)
  // @ts-expect-error: items are texts
  Task.asyncStream(['a'], (item: number) => item)
  // @ts-expect-error: no such option
  Task.asyncStream(['a'], item => item, { limit: 5 })
})

never((self, node) => {
  expectTypeOf(rpc.call('a@b', 'f', [1])).resolves.toEqualTypeOf<unknown>()
  expectTypeOf(rpc.as(self).multicall(['a@b'], 'f')).resolves.toEqualTypeOf<RpcResult[]>()
  expectTypeOf(rpc.cast('a@b', 'f')).toEqualTypeOf<boolean>()
  node.expose({ add: (a: number, b: number) => a + b })
  // @ts-expect-error: functions are called by name
  void rpc.call('a@b', () => {})
  // @ts-expect-error: arguments come in a list
  void rpc.call('a@b', 'f', 5)
  // @ts-expect-error: several nodes are a list
  void rpc.multicall('a@b', 'f')
  // @ts-expect-error: only functions are exposed
  node.expose({ answer: 42 })
})

test('what compiles works', async () => {
  await using node = await startNode()
  const sum = Task.of(node).async((a: number, b: number) => a + b, 1, 2)
  expect(await Task.await(sum)).toBe(3)
})
