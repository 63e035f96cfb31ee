// What a peer may try, and what a caller or a server may get wrong.

import { expect, test } from 'vitest'
import { rpc } from '../default-node.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import { limits } from '../limits.ts'
import { Actor } from '../process/actor.ts'
import { currentProcess } from '../process/current.ts'
import type { Process } from '../process/process.ts'
import { startNode } from '../start-node.ts'
import { rpcName } from './rpc-message.ts'
import { hangs, two } from './two-nodes.suite.ts'

test('only what was exposed can be called, whatever objects know by nature', async () => {
  await using world = await two()
  expect(await world.code(world.call('add'))).toBe('E_RPC_UNKNOWN')
  const inherited = Object.create({ inherited: () => 'no' })
  inherited.own = () => 'yes'
  world.b.expose(inherited)
  expect(await world.call('own')).toBe('yes')
  const names = ['inherited', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'get', 'eval', 'own ', '$rpc']
  for (const name of names) expect(await world.code(world.call(name)), name).toBe('E_RPC_UNKNOWN')
  expect(world.b.unexpose('own')).toBe(true)
  expect(world.b.unexpose('own')).toBe(false)
  expect(await world.code(world.call('own'))).toBe('E_RPC_UNKNOWN')
})

test('a name or arguments that cannot be are refused at the caller, each in its own words', async () => {
  await using world = await two()
  world.b.expose({ f: () => 1 })
  const bad: [unknown, unknown][] = [
    ['', []],
    ['x'.repeat(256), []],
    [5, []],
    [undefined, []],
    [{ toString: () => 'f' }, []],
    ['f', 'text'],
    ['f', { length: 1 }],
    ['f', new Array(limits.rpcArgsMax + 1).fill(0)],
  ]
  for (const [name, args] of bad) {
    expect(await world.code(world.call(name as string, args as []))).toBe('E_RPC_INVALID')
    expect(() => world.from.cast('b@sim', name as string, args as [])).toThrow(
      expect.objectContaining({ code: 'E_RPC_INVALID' }),
    )
  }
  expect(await world.code(world.call('f', [() => 1]))).toBe('E_MESSAGE_INVALID')
  expect(await world.code(world.simulation.until(world.from.call('no node', 'f')))).toBe('E_NODE_NAME_INVALID')
  expect(await world.code(world.call('f', [], { timeoutMs: -1 }))).toBe('E_OPTION_INVALID')
})

test('a hostile peer gets a refusal for nonsense, and the server goes on', async () => {
  await using world = await two()
  world.b.expose({ f: (...args: unknown[]) => args.length })
  const to = { name: rpcName, node: 'b@sim' }
  const nonsense = [null, 5, 'f', [], ['f', []], { name: 'f' }, { args: [] }, { name: ['f'], args: [] }, new Map()]
  for (const request of [...nonsense, { name: 'f', args: new Array(limits.rpcArgsMax + 1).fill(0) }]) {
    expect(await world.simulation.until(world.a.call(to, request))).toEqual({ kind: 'refused', refusal: 'invalid' })
    world.a.cast(to, request)
    world.a.send(to, request)
  }
  world.a.send(to, { kind: 'down', ref: world.a.newRef(), reason: 'forged' })
  world.a.exit(to, 'shutdown')
  expect(await world.call('f', [1, 2])).toBe(2)
})

test('a peer that kills the server ends the calls that run, and finds a new one', async () => {
  await using world = await two()
  let runner: Process | undefined
  const hangsHere = () => {
    runner = currentProcess()
    return hangs()
  }
  world.b.expose({ hangs: hangsHere, f: () => 1 })
  const hanging = world.code(world.call('hangs'))
  await world.simulation.advance(100)
  expect(runner?.alive).toBe(true)
  world.a.exit({ name: rpcName, node: 'b@sim' }, 'kill')
  expect(await hanging).toBe('E_CALL_EXIT')
  expect(runner?.alive).toBe(false)
  expect(await world.call('f')).toBe(1)
  expect(world.b.registeredNames()).toEqual([rpcName])
})

test('what cannot be exposed is refused, and nothing of the same list is exposed', async () => {
  await using node = await startNode()
  const tooLong = 'x'.repeat(256)
  for (const bad of [{ text: 'code' }, { '': () => 1 }, { [tooLong]: () => 1 }]) {
    expect(() => node.expose({ fine: () => 1, ...bad } as never)).toThrow(
      expect.objectContaining({ code: 'E_EXPOSE_INVALID' }),
    )
  }
  expect(node.unexpose('fine')).toBe(false)
  node.expose({ fine: () => 1 })
  expect(() => node.expose({ other: () => 1, fine: () => 2 })).toThrow('a function is exposed under that name')
  expect(node.unexpose('other')).toBe(false)
  await node.stop()
  const stopped = await startNode()
  await stopped.stop()
  expect(() => stopped.expose({ fine: () => 1 })).toThrow(expect.objectContaining({ code: 'E_NODE_STOPPED' }))
})

test('the name of the server cannot be taken, nor freed', async () => {
  await using node = await startNode()
  expect(() => node.register(rpcName, node.spawn(hangs))).toThrow(expect.objectContaining({ code: 'E_NAME_INVALID' }))
  node.expose({ one: () => 1 })
  expect(node.unregister(rpcName)).toBe(false)
  expect(await rpc.as(node).call(node.name, 'one')).toBe(1)
})

test('replies of a hostile peer are read for what they are, never more', async () => {
  await using world = await two()
  class Liar extends GenServer {
    override handleCall(request: { args: unknown[] }) {
      return request.args[0]
    }
  }
  const liar = Actor.processOf(world.b)
  world.b.names.reserve(rpcName, world.b.processOf(world.b.spawn(Liar)) ?? liar)
  const lie = (reply: unknown) => world.call('f', [reply]).catch(error => [error.code, error.fields.remote])
  const error = { name: 5, message: { toString: 1 }, code: ['E_X'], stack: 7, cause: 'x' }
  const empty = { name: 'Error', message: 'an error without a message' }
  expect(await lie({ kind: 'error', error })).toEqual(['E_RPC_FAILED', empty])
  expect(await lie({ kind: 'error' })).toEqual(['E_RPC_FAILED', empty])
  const noReply = ['E_RPC_FAILED', { name: 'Error', message: 'its reply is not a reply' }]
  for (const reply of [null, 5, 'value', [], { kind: 'other' }, { kind: 'refused', refusal: 'toString' }]) {
    expect(await lie(reply)).toEqual(noReply)
  }
  expect(await lie({ kind: 'refused', refusal: 'invalid' })).toEqual(['E_RPC_INVALID', undefined])
})
