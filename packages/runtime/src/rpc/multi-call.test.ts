import { createSimulation } from '@barrel-actors/simulation'
import { expect, expectTypeOf, test } from 'vitest'
import { multiCall } from '../default-node.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import { noReply } from '../gen-server/outcome.ts'
import type { ServerPid } from '../pid.ts'
import { Actor } from '../process/actor.ts'
import { startNode } from '../start-node.ts'
import { multiCallFrom } from './multi-call.ts'

interface EchoProtocol {
  call: (request: string) => string
}

class Echo extends GenServer<EchoProtocol> {
  override handleCall(request: string) {
    return request === 'never' ? noReply : `${request} from ${this.node.name}`
  }
}

test('servers on several nodes answer at once; who did not is told apart, in the order given', async () => {
  await using simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  for (const node of [a, b]) node.register('echo', node.spawn(Echo))
  const here = { name: 'echo', node: 'a@sim' }
  const there = { name: 'echo', node: 'b@sim' }
  const nobody = { name: 'nobody', node: 'b@sim' }
  const ask = (request: unknown) =>
    simulation.until(multiCallFrom(Actor.processOf(a), [nobody, there, 5 as never, here], request, { timeoutMs: 100 }))
  const failures = [
    { to: nobody, error: expect.objectContaining({ code: 'E_CALL_EXIT' }) },
    { to: 5, error: expect.objectContaining({ code: 'E_DESTINATION_INVALID' }) },
  ]
  expect(await ask('hello')).toEqual({
    replies: [
      { to: there, reply: 'hello from b@sim' },
      { to: here, reply: 'hello from a@sim' },
    ],
    failures,
  })
  const timedOut = expect.objectContaining({ code: 'E_CALL_TIMEOUT' })
  const begunMs = simulation.clock.now()
  expect(await ask('never')).toEqual({
    replies: [],
    failures: [failures[0], { to: there, error: timedOut }, failures[1], { to: here, error: timedOut }],
  })
  // Both were waited for at once: one time-out has passed, not two.
  expect(simulation.clock.now() - begunMs).toBe(100)
})

test('pids say what they are asked and what they reply', async () => {
  await using node = await startNode()
  const servers = [node.spawn(Echo), node.spawn(Echo)]
  const { replies, failures } = await multiCall(servers, 'hello')
  expectTypeOf(replies[0]?.reply).toEqualTypeOf<string | undefined>()
  expect(replies.map(({ to, reply }) => [servers.indexOf(to as ServerPid<EchoProtocol>), reply])).toEqual([
    [0, `hello from ${node.name}`],
    [1, `hello from ${node.name}`],
  ])
  expect(failures).toEqual([])
  // @ts-expect-error: a request is a text
  void (() => multiCall(servers, 5))
  expect(await multiCall([], 'hello')).toEqual({ replies: [], failures: [] })
  await expect(multiCall(servers, 'hello', { timeoutMs: -1 })).rejects.toMatchObject({ code: 'E_OPTION_INVALID' })
})
