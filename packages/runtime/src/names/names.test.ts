import { createSimulation, VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { extensionKey } from '../extension.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import type { Node } from '../node.ts'
import type { Pid } from '../pid.ts'
import type { Self } from '../process/function-process.ts'
import { startNode } from '../start-node.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { NameResolver } from './name-resolver.ts'

const wait = (self: Self) => self.receive()
const code = (code: string) => expect.objectContaining({ code })

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

class Refusing extends GenServer {
  override init(): void {
    throw new Error('not today')
  }
}

/** Names in a map that several nodes may share. */
function resolverOn(held: Map<string, Pid>): NameResolver {
  return {
    whereis: name => held.get(name),
    register: (name, pid) => !held.has(name) && held.set(name, pid) !== undefined,
    unregister: (name, pid) => {
      if (held.get(name)?.equals(pid)) held.delete(name)
    },
  }
}

function extensionOf(via: string, resolver: NameResolver) {
  return {
    key: extensionKey(via),
    install: async (host: { addNameResolver(via: string, resolver: NameResolver): void }) => {
      host.addNameResolver(via, resolver)
      return { api: undefined }
    },
  }
}

function start(held = new Map<string, Pid>()): Promise<Node> {
  return startNode({
    extensions: [extensionOf('global', resolverOn(held)), extensionOf('fixed', { whereis: () => undefined })],
  })
}

test('a global name is the via of that name: it is registered, sent to, called and given up', async () => {
  await using node = await start()
  const pid = node.spawn(Echo)
  node.register({ global: 'echo' }, pid)
  expect([node.whereis({ global: 'echo' }), node.whereis({ via: 'global', name: 'echo' })]).toEqual([pid, pid])
  expect(await node.call({ global: 'echo' }, 'hello')).toBe('hello')
  expect([node.unregister({ global: 'echo' }), node.unregister({ global: 'echo' })]).toEqual([true, false])
  expect(node.whereis({ global: 'echo' })).toBeUndefined()
})

test('a server holds the name that it is started with, of any kind, from before its init until its end', async () => {
  await using node = await start()
  const atInit: unknown[] = []
  for (const name of ['here', { global: 'everywhere' }, { via: 'global', name: 'via' }]) {
    class Named extends Echo {
      override init(): void {
        atInit.push(this.node.whereis(name))
      }
    }
    const pid = await node.start({ server: Named, name })
    expect(atInit.splice(0)).toEqual([pid])
    expect(node.whereis(name)).toBe(pid)
    await expect(node.start({ server: Echo, name })).rejects.toEqual(code('E_NAME_TAKEN'))
    node.exit(pid, 'kill')
    expect(node.whereis(name)).toBeUndefined()
    await expect(node.start({ server: Refusing, name })).rejects.toEqual(code('E_START_FAILED'))
    expect(node.whereis(name)).toBeUndefined()
  }
})

test('whoever sees a down finds the global name free', async () => {
  await using node = await start()
  const pid = node.spawn(wait)
  node.register({ global: 'name' }, pid)
  node.monitor(pid)
  node.exit(pid, 'kill')
  await node.receive()
  expect(node.whereis({ global: 'name' })).toBeUndefined()
})

test('a process may hold several names of extensions, and gives up one without the others', async () => {
  const held = new Map<string, Pid>()
  await using node = await start(held)
  const pid = node.spawn(wait)
  for (const name of ['a', 'b', 'c']) node.register({ global: name }, pid)
  node.unregister({ global: 'b' })
  expect([...held.keys()]).toEqual(['a', 'c'])
  node.exit(pid, 'kill')
  expect(held.size).toBe(0)
})

test('names of extensions that cannot be had are refused at the caller', async () => {
  await using node = await start()
  const pid = node.spawn(wait)
  expect(() => node.register({ via: 'nobody', name: 'x' }, pid)).toThrow(code('E_VIA_UNKNOWN'))
  expect(() => node.register({ via: 'fixed', name: 'x' }, pid)).toThrow(code('E_VIA_READ_ONLY'))
  expect(() => node.register({ global: '' }, pid)).toThrow(code('E_NAME_INVALID'))
  expect(() => node.whereis({ via: 'nobody', name: 'x' })).toThrow(code('E_VIA_UNKNOWN'))
  node.exit(pid, 'kill')
  expect(() => node.register({ global: 'x' }, pid)).toThrow(code('E_PROCESS_DEAD'))
})

test('a child of a supervisor holds its global name again after a restart', async () => {
  await using node = await start()
  const supervisor = await node.start(
    Supervisor.of({ children: [{ id: 'echo', server: Echo, name: { global: 'echo' } }] }),
  )
  const first = node.whereis({ global: 'echo' }) as Pid
  node.exit(first, 'kill')
  await node.call(supervisor, { kind: 'countChildren' })
  expect(await node.call({ global: 'echo' }, 1)).toBe(1)
  expect(node.whereis({ global: 'echo' })).not.toBe(first)
})

test('a global name leads to a process of another node', async () => {
  const held = new Map<string, Pid>()
  await using simulation = createSimulation({})
  const extensions = [extensionOf('global', resolverOn(held))]
  const [a, b] = [
    await simulation.startNode({ name: 'a@sim', extensions }),
    await simulation.startNode({ name: 'b@sim', extensions }),
  ]
  const pid = b.spawn(Echo)
  b.register({ global: 'echo' }, pid)
  expect(await simulation.until(a.call({ global: 'echo' }, 'over there'))).toBe('over there')
})

test('a process that ends while it is given its name has failed to start, and its supervisor is told', async () => {
  let ends = true
  const ending: NameResolver = {
    whereis: () => undefined,
    register: (_, pid) => {
      if (ends) node.exit(pid, 'kill')
      ends = false
      return true
    },
  }
  const clock = new VirtualClock()
  await using node = await startNode({ clock, extensions: [extensionOf('global', ending)] })
  const name = { global: 'short-lived' }
  await expect(node.start({ server: Echo, name, timeoutMs: 1_000_000 })).rejects.toMatchObject({
    code: 'E_START_FAILED',
    fields: { exit: 'killed' },
  })
  expect(clock.timersCount).toBe(0)
  ends = true
  const supervisor = await node.start(Supervisor.of({ children: [{ id: 'child', run: wait, name }] }))
  expect(await Supervisor.countChildren(supervisor)).toMatchObject({ active: 1 })
  const [child] = await Supervisor.whichChildren(supervisor)
  expect(node.processes()).toContain(child?.pid)
})
