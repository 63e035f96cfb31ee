import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { type Exit, GenServer, next, reply, type Self, startNode, stop } from '../index.ts'

const codeOf = (error: unknown) => (error as { code?: unknown }).code

function gate() {
  let open!: () => void
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}

class Slow extends GenServer {
  override async init(how: 'well' | 'badly' | 'never' | 'stops') {
    if (how === 'never') await new Promise(() => {})
    await null
    if (how === 'badly') throw new Error('no disk')
    if (how === 'stops') return stop('no need')
    return undefined
  }
}

test('start waits until init is through', async () => {
  const clock = new VirtualClock()
  await using node = await startNode({ clock })
  const { open, opened } = gate()
  let isReady = false
  class Gated extends GenServer {
    override async init() {
      await opened
      isReady = true
    }
  }
  const seen: boolean[] = []
  const started = node.start(Gated).then(() => seen.push(isReady))
  await clock.advance(10_000)
  expect(seen).toEqual([])
  open()
  await started
  expect(seen).toEqual([true])
})

test('a start that fails is a rejection that keeps the reason, and nothing else', async () => {
  await using node = await startNode()
  const error = await node.startLink(Slow, 'badly').catch(problem => problem)
  expect(error).toMatchObject({ code: 'E_START_FAILED', fields: { exit: { error: { message: 'no disk' } } } })
  expect(await node.startLink(Slow, 'stops').catch(codeOf)).toBe('E_START_FAILED')
  const quiet = await node.receive({ kind: 'exit' }, { timeoutMs: 1 }).catch(codeOf)
  expect(quiet).toBe('E_RECEIVE_TIMEOUT')
})

test('a linked start that went well ends with its server', async () => {
  await using node = await startNode()
  const pid = await node.startLink(Slow, 'well')
  node.exit(pid, 'over')
  expect(await node.receive()).toMatchObject({ kind: 'exit', from: pid, reason: 'over' } satisfies Partial<Exit>)
})

test('a name is held from before init, and a taken one is refused', async () => {
  await using node = await startNode()
  const { open, opened } = gate()
  const held: boolean[] = []
  class Named extends GenServer {
    override init() {
      held.push(this.node.whereis('named') === this.pid)
      return opened
    }
  }
  const first = node.start({ server: Named, name: 'named' })
  expect(await node.start({ server: Named, name: 'named' }).catch(codeOf)).toBe('E_NAME_TAKEN')
  open()
  expect(node.whereis('named')).toBe(await first)
  expect(held).toEqual([true])
})

test('a monitored start gives pid and ref', async () => {
  await using node = await startNode()
  const { pid, ref } = await node.startMonitor(Slow, 'well')
  node.exit(pid, 'kill')
  expect(await node.receive()).toMatchObject({ kind: 'down', ref, reason: 'killed' })
})

class Chatty extends GenServer<{ call: (request: string) => unknown; info: unknown }> {
  readonly #seen: unknown[] = []
  override init() {
    return next({ continue: 'after init' })
  }
  override handleContinue(request: string) {
    this.#seen.push(request)
  }
  override handleCall(request: string) {
    if (request === 'seen') return [...this.#seen]
    return reply(request, { continue: `after ${request}` })
  }
  override handleInfo(message: unknown) {
    this.#seen.push(message)
    return message === 'hush' ? next({ timeoutMs: 100 }) : undefined
  }
}

test('what continue leaves to do is done before the next message', async () => {
  await using node = await startNode()
  const pid = node.spawn(Chatty)
  const first = node.call(pid, 'one')
  const seen = node.call(pid, 'seen')
  expect(await first).toBe('one')
  expect(await seen).toEqual(['after init', 'after one'])
})

test('silence is told once, and any message ends the wait for it', async () => {
  const clock = new VirtualClock()
  await using node = await startNode({ clock })
  const heard: unknown[] = []
  class Listens extends Chatty {
    override handleInfo(message: unknown) {
      heard.push(message)
      return super.handleInfo(message)
    }
  }
  const pid = node.spawn(Listens)
  node.send(pid, 'hush')
  await node.call(pid, 'seen')
  await clock.advance(200)
  expect(heard).toEqual(['hush'])
  node.send(pid, 'hush')
  await clock.advance(99)
  expect(heard).toEqual(['hush', 'hush'])
  await clock.advance(1)
  expect(heard).toEqual(['hush', 'hush', { kind: 'timeout' }])
  await clock.advance(200)
  expect(await node.call(pid, 'seen')).toEqual(['after init', 'hush', 'hush', { kind: 'timeout' }])
})

class Trapping extends GenServer {
  override init() {
    this.trapExit = true
  }
  override handleInfo(message: unknown) {
    this.send({ name: 'told', node: this.node.name }, { heard: message })
  }
  override terminate(reason: unknown) {
    this.send({ name: 'told', node: this.node.name }, { terminated: reason })
  }
}

test('a server that traps exits ends in order with its parent', async () => {
  await using node = await startNode()
  node.register('told', node.pid)
  const parent = node.spawn(async self => {
    const child = await self.startLink(Trapping)
    node.send(node.pid, child)
    await self.receive()
  })
  const child = (await node.receive()) as typeof parent
  node.monitor(child)
  node.exit(child, 'from somebody else')
  expect(await node.receive()).toEqual({ heard: { kind: 'exit', from: node.pid, reason: 'from somebody else' } })
  node.exit(parent, 'enough')
  expect(await node.receive({ terminated: 'enough' })).toBeDefined()
  expect(await node.receive({ kind: 'down' })).toMatchObject({ from: child, reason: 'enough' })
})

for (const how of ['through', 'refused']) {
  test(`the code of a process that ends while it starts a server goes no further, whether init is ${how}`, async () => {
    await using node = await startNode()
    const begun = gate()
    const goes = gate()
    class Gated extends GenServer {
      override async init() {
        begun.open()
        await goes.opened
        return how === 'refused' ? stop('no need') : undefined
      }
    }
    const seen: string[] = []
    const goOn = () => void seen.push('went on')
    let self: Self | undefined
    const caller = node.spawn(async context => {
      self = context
      await context.start(Gated).then(goOn, goOn)
    })
    await begun.opened
    node.exit(caller, 'kill')
    goes.open()
    void self?.start(Slow, 'well').then(goOn, goOn)
    for (let microtask = 0; microtask < 50; microtask++) await null
    expect(seen).toEqual([])
  })
}
