import { createSimulation } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { rpc } from '../default-node.ts'
import { BarrelError } from '../errors.ts'
import type { ErrorInfo } from '../exit-reason.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import { limits } from '../limits.ts'
import { currentProcess } from '../process/current.ts'
import { startNode } from '../start-node.ts'
import { hangs, two } from './two-nodes.suite.ts'

test('an exposed function is called on its node, with what it was given, and its result comes back', async () => {
  await using world = await two()
  world.b.expose({
    add: (one: number, other: number) => one + other,
    async later(value: unknown) {
      await Promise.resolve()
      return { value }
    },
    nothing: () => {},
  })
  expect(await world.call('add', [1, 2])).toBe(3)
  expect(await world.call('later', [new Map([[1, 2n]])])).toEqual({ value: new Map([[1, 2n]]) })
  expect(await world.call('nothing')).toBe(undefined)
})

test('a node calls its own functions the same way', async () => {
  await using node = await startNode({ name: 'own@host' })
  await expect(rpc.as(node).call('own@host', 'double', [2])).rejects.toMatchObject({ code: 'E_RPC_UNKNOWN' })
  rpc.as(node).expose({ double: (value: number) => value * 2 })
  expect(await rpc.as(node).call('own@host', 'double', [2])).toBe(4)
  expect(rpc.as(node).unexpose('double')).toBe(true)
  await expect(rpc.as(node).call('own@host', 'double', [2])).rejects.toMatchObject({ code: 'E_RPC_UNKNOWN' })
})

test('an error of the function comes back with its code, its message and its stack as a text', async () => {
  await using world = await two()
  world.b.expose({
    fails() {
      throw Object.assign(new TypeError('no such thing'), { code: 'E_MINE' })
    },
    async refuses() {
      throw new BarrelError('E_THEIRS', { what: 'This.', todo: 'That.' })
    },
    throws() {
      throw 'a text'
    },
  })
  const error = (await world.call('fails').catch(cause => cause)) as BarrelError
  expect(error).toBeInstanceOf(BarrelError)
  expect(error).toMatchObject({
    code: 'E_RPC_FAILED',
    what: 'The function fails failed on b@sim: TypeError: no such thing.',
    fields: { node: 'b@sim', name: 'fails', remote: { code: 'E_MINE', message: 'no such thing', name: 'TypeError' } },
  })
  expect((error.fields['remote'] as ErrorInfo).stack).toContain('rpc.test.ts')
  await expect(world.call('refuses')).rejects.toMatchObject({ fields: { remote: { code: 'E_THEIRS' } } })
  await expect(world.call('throws')).rejects.toMatchObject({
    fields: { remote: { name: 'Thrown', message: 'a text' } },
  })
})

test('a slow function blocks no other, and over the limit calls are refused until one has returned', async () => {
  await using world = await two()
  const waiting: (() => void)[] = []
  world.b.expose({
    slow: () => new Promise<string>(resolve => waiting.push(() => resolve('done'))),
    quick: () => 'quick',
  })
  const calls = Array.from({ length: limits.rpcCallsMax - 1 }, () => world.from.call('b@sim', 'slow'))
  await world.simulation.advance(10)
  expect(await world.call('quick')).toBe('quick')
  calls.push(world.from.call('b@sim', 'slow'))
  await world.simulation.advance(10)
  await expect(world.call('quick')).rejects.toMatchObject({ code: 'E_RPC_OVERLOADED', fields: { name: 'quick' } })
  for (const finish of waiting) finish()
  expect(new Set(await world.simulation.until(Promise.all(calls)))).toEqual(new Set(['done']))
  expect(await world.call('quick')).toBe('quick')
})

test('a call ends after its time or by its signal, and what comes late vanishes', async () => {
  await using world = await two()
  let finish: (value: unknown) => void = () => {}
  world.b.expose({
    slow: () =>
      new Promise(resolve => {
        finish = resolve
      }),
  })
  const late = world.code(world.call('slow'))
  await world.simulation.advance(4999)
  expect(await Promise.race([late, 'waits'])).toBe('waits')
  expect(await late).toBe('E_CALL_TIMEOUT')
  finish('late')
  await world.simulation.advance(100)
  expect(await world.code(world.call('slow', [], { timeoutMs: 10 }))).toBe('E_CALL_TIMEOUT')
  const controller = new AbortController()
  const aborted = world.code(world.call('slow', [], { signal: controller.signal }))
  controller.abort()
  expect(await aborted).toBe('E_CALL_ABORTED')
  finish('late')
  world.a.send(world.a.pid, 'nothing but this')
  expect(await world.simulation.until(world.a.receive())).toBe('nothing but this')
})

test('a function whose process ends, or whose result cannot cross, is an error at the caller', async () => {
  await using world = await two()
  world.b.expose({
    result: () => () => 1,
    async exits() {
      const own = currentProcess()
      await Promise.resolve()
      own?.end('gone')
      return 'unheard'
    },
  })
  const uncrossable = await world.call('result').catch(error => error)
  expect(uncrossable).toMatchObject({ code: 'E_RPC_FAILED', fields: { remote: { code: 'E_MESSAGE_INVALID' } } })
  await expect(world.call('exits')).rejects.toMatchObject({
    code: 'E_RPC_FAILED',
    fields: { remote: { message: 'its process exited before it returned: gone' } },
  })
})

test('a cast runs the function, and what fails or is refused is told to nobody but the log', async () => {
  const warned: unknown[] = []
  await using simulation = createSimulation()
  const log = { debug() {}, info() {}, error() {}, warn: (text: string) => void warned.push(text) }
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim', log })
  const noted: unknown[] = []
  b.expose({
    note: (value: unknown) => noted.push(value),
    fails() {
      throw new Error('cast')
    },
  })
  expect(rpc.as(a).cast('b@sim', 'note', [1])).toBe(true)
  rpc.as(a).cast('b@sim', 'fails')
  rpc.as(a).cast('b@sim', 'nobody')
  await simulation.advance(100)
  expect(noted).toEqual([1])
  expect(warned).toEqual(['remote cast refused', 'remote cast failed'])
})

test('several nodes are called at once, each with its own result, in the order given', async () => {
  await using world = await two()
  world.a.expose({ where: () => 'here' })
  world.b.expose({ where: () => 'there', hangs })
  const results = await world.simulation.until(world.from.multicall(['b@sim', 'c@sim', 'a@sim'], 'where'), {
    withinMs: 60_000,
  })
  expect(results).toEqual([
    { node: 'b@sim', value: 'there' },
    {
      node: 'c@sim',
      error: expect.objectContaining({ code: expect.stringMatching(/^E_(NO_CONNECTION|CALL_TIMEOUT)$/) }),
    },
    { node: 'a@sim', value: 'here' },
  ])
  expect(
    await world.simulation.until(world.from.multicall(['b@sim', 'a@sim'], 'hangs', [], { timeoutMs: 10 })),
  ).toEqual([
    { node: 'b@sim', error: expect.objectContaining({ code: 'E_CALL_TIMEOUT' }) },
    { node: 'a@sim', error: expect.objectContaining({ code: 'E_RPC_UNKNOWN' }) },
  ])
  expect(await world.code(world.from.multicall([], 'where', [], { timeoutMs: Number.NaN }))).toBe('E_OPTION_INVALID')
})

test('a server calls as itself, also after an await, and a call of a dead process goes no further', async () => {
  await using world = await two()
  const callers: unknown[] = []
  world.b.expose({ whoami: (pid: unknown) => callers.push(String(pid)) })
  class Front extends GenServer {
    override async handleCall() {
      await Promise.resolve()
      return rpc.as(this).call('b@sim', 'whoami', [this.pid])
    }
  }
  const front = world.a.spawn(Front)
  expect(await world.simulation.until(world.a.call(front, 'go'))).toBe(1)
  expect(callers).toEqual([String(front)])
})
