// What must not compile around supervisors, and what is inferred. Checked by `tsc -p tsconfig.check.json`.

import { expect, expectTypeOf, test } from 'vitest'
import type { ChildInfo, Pid, Self, ServerPid, SupervisorProtocol, SupervisorSpec } from '../index.ts'
import { GenServer, Supervisor, start, startNode } from '../index.ts'

interface CacheProtocol {
  call: (key: string) => string | undefined
}

class Cache extends GenServer<CacheProtocol> {
  override init(_size: number) {}
  override handleCall(key: string) {
    return key === '' ? undefined : key
  }
}

/** Never called: what is in it has only to compile, or not to. */
const never = (_: (supervisor: ServerPid<SupervisorProtocol>) => unknown) => {}

never(() => {
  const spec: SupervisorSpec = {
    strategy: 'restForOne',
    intensity: 3,
    children: [
      Supervisor.child({ id: 'cache', server: Cache, args: [5], restart: 'transient', shutdown: 'brutalKill' }),
      { id: 'loop', run: async (self: Self) => self.receive(), name: { global: 'loop' } },
    ],
  }
  // @ts-expect-error: no such strategy
  const noStrategy: SupervisorSpec = { strategy: 'one_for_one' }
  // @ts-expect-error: no such restart
  const noRestart: SupervisorSpec = { children: [{ id: 'a', server: Cache, restart: 'always' }] }
  // @ts-expect-error: a child has an id
  const noId: SupervisorSpec = { children: [{ server: Cache }] }
  // @ts-expect-error: a child has something to run
  const nothing: SupervisorSpec = { children: [{ id: 'a' }] }
  // @ts-expect-error: a shutdown is a number or brutalKill
  const noShutdown: SupervisorSpec = { children: [{ id: 'a', server: Cache, shutdown: 'kill' }] }
  // @ts-expect-error: init takes a number
  Supervisor.child({ id: 'cache', server: Cache, args: ['5'] })
  // @ts-expect-error: no such field
  Supervisor.child({ id: 'cache', server: Cache, args: [5], arguments: [] })
  return [spec, noStrategy, noRestart, noId, nothing, noShutdown]
})

never(() => {
  // @ts-expect-error: a supervisor says whom it supervises
  class Idle extends Supervisor {}
  class Nonsense extends Supervisor {
    // @ts-expect-error: init returns a spec
    override init() {
      return { strategies: [] }
    }
  }
  class Fits extends Supervisor {
    override async init(size: number) {
      return { children: [Supervisor.child({ id: 'cache', server: Cache, args: [size] })] }
    }
  }
  expectTypeOf(start(Fits, 5)).resolves.toEqualTypeOf<ServerPid<SupervisorProtocol>>()
  // @ts-expect-error: init takes a number
  void start(Fits, '5')
  return [Idle, Nonsense]
})

never(supervisor => {
  expectTypeOf(Supervisor.startChild(supervisor, { id: 'c', server: Cache, args: [5] })).resolves.toEqualTypeOf<
    ServerPid<CacheProtocol>
  >()
  expectTypeOf(
    Supervisor.startChild(supervisor, { id: 'f', run: (self: Self<string>) => self.receive() }),
  ).resolves.toEqualTypeOf<Pid<string>>()
  expectTypeOf(Supervisor.whichChildren(supervisor)).resolves.toEqualTypeOf<ChildInfo[]>()
  // @ts-expect-error: init takes a number
  void Supervisor.startChild(supervisor, { id: 'c', server: Cache, args: ['5'] })
  // @ts-expect-error: children are known by a text
  void Supervisor.terminateChild(supervisor, 5)
  // @ts-expect-error: a cache supervises nobody
  void Supervisor.whichChildren({} as ServerPid<CacheProtocol>)
})

test('what compiles works', async () => {
  await using node = await startNode()
  const supervisor = await node.start(Supervisor.of({ children: [{ id: 'cache', server: Cache, args: [5] }] }))
  expect(await Supervisor.whichChildren(supervisor)).toMatchObject([{ id: 'cache' }])
})
