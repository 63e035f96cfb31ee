// Everything that a caller can get wrong: a coded error where it was written, never a bare TypeError, never silence.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as barrel from './index.ts'
import {
  BarrelError,
  type ErrorInfo,
  GenServer,
  GenStateMachine,
  type Node,
  next,
  noReply,
  reply,
  Supervisor,
  startNode,
  stop,
  Task,
} from './index.ts'

let node: Node

beforeEach(async () => {
  node = await startNode({ name: 'strict@host' })
})

afterEach(() => node.stop())

class Quiet extends GenServer {}

type Misuse = (bad: never) => unknown

async function errorOf(misuse: () => unknown): Promise<unknown> {
  try {
    await misuse()
  } catch (error) {
    return error
  }
  return 'no error'
}

async function expectCode(misuse: () => unknown, code: string): Promise<void> {
  const error = await errorOf(misuse)
  expect(error, String(error)).toBeInstanceOf(BarrelError)
  expect(error).toMatchObject({ code })
}

const noDestinations: readonly unknown[] = [
  undefined,
  null,
  5,
  true,
  Symbol('x'),
  {},
  [],
  { name: 'x' },
  { node: 'a@b' },
  () => {},
]

describe('what is no destination', () => {
  const verbs: Record<string, Misuse> = {
    send: to => node.send(to, 1),
    cast: to => node.cast(to, 1),
    call: to => node.call(to, 1),
    sendAfter: to => node.sendAfter(1, to, 1),
    startTimer: to => node.startTimer(1, to, 1),
    monitor: to => node.monitor(to),
    exit: to => node.exit(to, 'reason'),
    link: to => node.link(to),
    unlink: to => node.unlink(to),
    'register for': to => node.register('name', to),
    processInfo: to => node.processInfo(to),
    'the function send': to => barrel.send(to, 1),
    'the function call': to => barrel.call(to, 1),
    'the function cast': to => barrel.cast(to, 1),
    'the function monitor': to => barrel.monitor(to),
    'the function link': to => barrel.link(to),
    'the function register for': to => barrel.register('name', to),
  }
  test.each(Object.entries(verbs))('%s refuses it', async (_, verb) => {
    for (const bad of noDestinations) await expectCode(() => verb(bad as never), 'E_DESTINATION_INVALID')
  })

  test('a name is no pid: link, unlink and register refuse it', async () => {
    for (const verb of ['link', 'unlink', 'register for']) {
      await expectCode(() => verbs[verb]?.('a name' as never), 'E_DESTINATION_INVALID')
    }
  })

  test('multiCall says of each which was none, and refuses what is no list', async () => {
    const { failures } = await barrel.multiCall([5 as never], 'request')
    expect(failures).toMatchObject([{ to: 5, error: { code: 'E_DESTINATION_INVALID' } }])
    for (const bad of [undefined, 5, 'name', {}]) {
      await expectCode(() => barrel.multiCall(bad as never, 'request'), 'E_OPTION_INVALID')
    }
  })
})

describe('what is no time', () => {
  const times: readonly unknown[] = [-1, Number.NaN, '5', null, {}, Object.create(null), 5n]
  const uses: Record<string, Misuse> = {
    call: timeoutMs => node.call(node.spawn(Quiet), 1, { timeoutMs }),
    receive: timeoutMs => node.receive(undefined, { timeoutMs }),
    sendAfter: delayMs => node.sendAfter(delayMs, node.pid, 1),
    startTimer: delayMs => node.startTimer(delayMs, node.pid as never, 1),
    start: timeoutMs => node.start({ server: Quiet, timeoutMs }),
    multiCall: timeoutMs => barrel.multiCall([node.pid], 1, { timeoutMs }),
    'Task.await': timeoutMs =>
      Task.await(
        Task.of(node).async(async () => 1),
        { timeoutMs },
      ),
    'Task.asyncStream': timeoutMs => Task.of(node).asyncStream([1], () => 1, { timeoutMs }),
    'rpc.call': timeoutMs => barrel.rpc.as(node).call(node.name, 'f', [], { timeoutMs }),
    'rpc.multicall': timeoutMs => barrel.rpc.as(node).multicall([node.name], 'f', [], { timeoutMs }),
    next: timeoutMs => next({ timeoutMs }),
    reply: timeoutMs => reply(1, { timeoutMs }),
  }
  test.each(Object.entries(uses))('%s refuses it', async (use, misuse) => {
    for (const bad of times) {
      // Null is no time-out for these, as undefined is.
      if (bad === null && ['call', 'receive', 'start', 'rpc.call'].includes(use)) continue
      await expectCode(() => misuse(bad as never), 'E_OPTION_INVALID')
    }
  })
})

const misuses: [what: string, misuse: () => unknown, code: string][] = [
  ['a number for the options of a call', () => node.call(node.spawn(Quiet), 1, 1000 as never), 'E_OPTION_INVALID'],
  ['a signal that is none', () => node.call(node.spawn(Quiet), 1, { signal: {} as never }), 'E_OPTION_INVALID'],
  ['a number for the options of receive', () => node.receive(undefined, 1000 as never), 'E_OPTION_INVALID'],
  ['a text as a pattern', () => node.receive('down' as never), 'E_OPTION_INVALID'],
  ['a class instance as a pattern', () => node.receive(new Map() as never), 'E_OPTION_INVALID'],
  ['null as a pattern', () => node.receive(null as never), 'E_OPTION_INVALID'],
  ['trapExit with a text', () => Object.assign(node, { trapExit: 'yes' }), 'E_OPTION_INVALID'],
  ['demonitor of nothing', () => node.demonitor(undefined as never), 'E_REF_INVALID'],
  ['unalias of a pid', () => node.unalias(node.pid as never), 'E_REF_INVALID'],
  ['alias with options that are none', () => node.alias(true as never), 'E_OPTION_INVALID'],
  ['alias with a wrong option', () => node.alias({ once: 'yes' } as never), 'E_OPTION_INVALID'],
  ['processFlag of no flag', () => node.processFlag('trap_exit' as never, true), 'E_OPTION_INVALID'],
  ['processFlag with no boolean', () => node.processFlag('trapExit', 1 as never), 'E_OPTION_INVALID'],
  ['a ref where a process must be', () => node.monitor(node.makeRef() as never), 'E_DESTINATION_INVALID'],
  ['a call to an alias', () => node.call(node.alias() as never, 1), 'E_DESTINATION_INVALID'],
  ['demonitor of a pid', () => node.demonitor(node.pid as never), 'E_REF_INVALID'],
  ['a name that is a number', () => node.register(5 as never, node.pid), 'E_NAME_INVALID'],
  ['an empty name', () => node.register('', node.pid), 'E_NAME_INVALID'],
  ['a name of the runtime itself', () => node.register('$rpc', node.pid), 'E_NAME_INVALID'],
  ['whereis of nothing', () => node.whereis(undefined as never), 'E_NAME_INVALID'],
  ['unregister of nothing', () => node.unregister(null as never), 'E_NAME_INVALID'],
  ['a via that nobody resolves', () => node.send({ via: 'nobody', name: 'x' }, 1), 'E_VIA_UNKNOWN'],
  ['spawn of nothing', () => node.spawn(undefined as never), 'E_SPAWN_INVALID'],
  ['spawn of an object', () => node.spawn({} as never), 'E_SPAWN_INVALID'],
  ['spawn of a class that is no server', () => node.spawn(class Plain {} as never), 'E_SPAWN_INVALID'],
  ['a server made with new', () => new Quiet(), 'E_NOT_SPAWNED'],
  ['start of nothing', () => node.start(undefined as never), 'E_SPAWN_INVALID'],
  ['start of a function', () => node.start((() => {}) as never), 'E_SPAWN_INVALID'],
  ['start of a spec without a server', () => node.start({ args: [] } as never), 'E_SPAWN_INVALID'],
  ['start with args that are no list', () => node.start({ server: Quiet, args: 5 as never }), 'E_OPTION_INVALID'],
  ['next of a number', () => next(5000 as never), 'E_OPTION_INVALID'],
  ['next with an option that it has not', () => next({ timeout: 5000 } as never), 'E_OPTION_INVALID'],
  ['Task.async of no function', () => Task.of(node).async(5 as never), 'E_SPAWN_INVALID'],
  ['Task.await of no task', () => Task.await(Promise.resolve() as never), 'E_OPTION_INVALID'],
  [
    'Task.asyncStream of what cannot be iterated',
    () => Task.of(node).asyncStream(5 as never, () => 1),
    'E_OPTION_INVALID',
  ],
  ['Task.of a pid', () => Task.of(node.pid as never), 'E_ACTOR_INVALID'],
  ['rpc.as of a name', () => barrel.rpc.as('name' as never), 'E_ACTOR_INVALID'],
  ['rpc.call of a function', () => barrel.rpc.as(node).call(node.name, (() => {}) as never), 'E_RPC_INVALID'],
  ['rpc.call with args that are no list', () => barrel.rpc.as(node).call(node.name, 'f', 5 as never), 'E_RPC_INVALID'],
  ['rpc.call of a node that is none', () => barrel.rpc.as(node).call(5 as never, 'f'), 'E_DESTINATION_INVALID'],
  ['rpc.multicall of no list', () => barrel.rpc.as(node).multicall('a@b' as never, 'f'), 'E_OPTION_INVALID'],
  ['expose of nothing', () => node.expose(undefined as never), 'E_EXPOSE_INVALID'],
  ['expose of what is no function', () => node.expose({ f: 5 as never }), 'E_EXPOSE_INVALID'],
  ['connect to a number', () => node.connect(5 as never), 'E_ADDRESS_INVALID'],
  ['connect to a host', () => node.connect('localhost:5'), 'E_ADDRESS_INVALID'],
  ['disconnect of a number', () => node.disconnect(5 as never), 'E_NODE_NAME_INVALID'],
  ['the extension of nothing', () => node.extension(null as never), 'E_OPTION_INVALID'],
  ['the extension of a text', () => node.extension('registry' as never), 'E_OPTION_INVALID'],
  ['cancelTimer of a text', () => node.cancelTimer('x' as never), 'E_REF_INVALID'],
  ['the function cancelTimer of nothing', () => barrel.cancelTimer(undefined as never), 'E_REF_INVALID'],
  ['call with an option that there is not', () => node.call('nobody', 1, { timeout: 5 } as never), 'E_OPTION_INVALID'],
  [
    'receive with an option that there is not',
    () => node.receive(undefined, { timeoutMS: 5 } as never),
    'E_OPTION_INVALID',
  ],
  ['alias with an option that there is not', () => node.alias({ one: true } as never), 'E_OPTION_INVALID'],
  ['demonitor with true', () => node.demonitor(node.makeRef(), true as never), 'E_OPTION_INVALID'],
  ['demonitor with a wrong flush', () => node.demonitor(node.makeRef(), { flush: 'yes' as never }), 'E_OPTION_INVALID'],
  ['the function demonitor with true', () => barrel.demonitor(node.makeRef(), true as never), 'E_OPTION_INVALID'],
  [
    'the function exit with a reason alone',
    () => (barrel.exit as unknown as Misuse)('reason' as never),
    'E_OPTION_INVALID',
  ],
  ['spawn of an async generator', () => node.spawn(async function* () {}), 'E_SPAWN_INVALID'],
  ['spawn of a bound generator', () => node.spawnLink(function* () {}.bind(null)), 'E_SPAWN_INVALID'],
]

class Machine extends GenStateMachine<{ state: 'a'; cast: never }> {
  static result: (machine: Machine) => unknown
  override init() {
    return Machine.result(this) as never
  }
  override readonly states = { a: () => undefined }
}

/** What a machine returns, in the place where it returns it. */
async function transition(result: (machine: Machine) => unknown): Promise<void> {
  Machine.result = machine => {
    error = undefined
    try {
      result(machine)
    } catch (thrown) {
      error = thrown
    }
    return machine.nextState('a')
  }
  let error: unknown
  await node.start(Machine)
  if (error !== undefined) throw error
}

for (const bad of [null, 5, true, 'now'] as never[]) {
  const task = () => Task.of(node).async(() => 1)
  const supervisor = () => node.spawn(Supervisor.of({ children: [] }))
  misuses.push(
    [`${bad} for the options of Task.await`, () => Task.await(task(), bad), 'E_OPTION_INVALID'],
    [`${bad} for the options of asyncStream`, () => Task.of(node).asyncStream([1], () => 1, bad), 'E_OPTION_INVALID'],
    [`${bad} for the options of whichChildren`, () => Supervisor.whichChildren(supervisor(), bad), 'E_OPTION_INVALID'],
    [`${bad} for the actions of keepState`, () => transition(machine => machine.keepState(bad)), 'E_OPTION_INVALID'],
    [
      `${bad} for the actions of nextState`,
      () => transition(machine => machine.nextState('a', bad)),
      'E_OPTION_INVALID',
    ],
  )
}
for (const bad of [
  { internal: 5 },
  { internal: 'ab' },
  { timeoutsMs: null },
  { timeoutsMs: 5 },
  { timeoutsMs: { x: '5' } },
  { stateTimeout: 5 },
  { postpone: 'yes' },
]) {
  const misuse = () => transition(machine => machine.keepState(bad as never))
  misuses.push([`keepState(${JSON.stringify(bad)})`, misuse, 'E_OPTION_INVALID'])
}

test.each(misuses)('%s is a coded error', (_, misuse, code) => expectCode(misuse, code))

test('a taken name is refused with who holds it', async () => {
  const holder = node.spawn(Quiet)
  node.register('taken', holder)
  expect(await errorOf(() => node.register('taken', node.pid))).toMatchObject({
    code: 'E_NAME_TAKEN',
    fields: { name: 'taken', pid: holder },
  })
})

describe('a callback that returns nonsense', () => {
  const nonsense: readonly [value: unknown, text: string][] = [
    [5, '5'],
    [null, 'null'],
    ['stop', 'stop'],
    [{ timeoutMs: 5 }, '{"timeoutMs":5}'],
    [noReply, '{}'],
  ]
  class Odd extends GenServer<{ cast: { value: unknown }; info: { value: unknown } }> {
    override init(value: unknown, continues = false) {
      return (continues ? next({ continue: value }) : value) as undefined
    }
    override handleCast({ value }: { value: unknown }) {
      return value as undefined
    }
    override async handleInfo({ value }: { value: unknown }) {
      return value as undefined
    }
    override handleContinue(value: unknown) {
      return value as undefined
    }
  }
  const ways: readonly [callback: string, use: (value: unknown) => { ref: barrel.Ref }][] = [
    ['init', value => node.spawnMonitor(Odd, value)],
    ['handleContinue', value => node.spawnMonitor(Odd, value, true)],
    [
      'handleCast',
      value => {
        const started = node.spawnMonitor(Odd, undefined)
        node.cast(started.pid, { value })
        return started
      },
    ],
    [
      'handleInfo',
      value => {
        const started = node.spawnMonitor(Odd, undefined)
        node.send(started.pid, { value })
        return started
      },
    ],
  ]
  test.each(ways)('%s ends the server with E_CALLBACK_RESULT, which names it', async (callback, use) => {
    for (const [value, text] of nonsense) {
      const { ref } = use(value)
      const { reason } = (await node.receive({ ref })) as { reason: { error: ErrorInfo } }
      expect(reason.error).toMatchObject({ code: 'E_CALLBACK_RESULT', callback })
      expect(reason.error.message).toContain(`${callback} of Odd returned ${text}`)
    }
  })

  test('nothing, stop and next are outcomes', async () => {
    const { ref } = node.spawnMonitor(Odd, undefined)
    const stopped = node.spawnMonitor(Odd, stop('shutdown'))
    expect(await node.receive({ ref: stopped.ref })).toMatchObject({ reason: 'shutdown' })
    expect(node.demonitor(ref)).toBe(true)
  })
})

describe('startNode', () => {
  const options: readonly [option: string, value: unknown][] = [
    ['extensions', 5],
    ['extensions', [{}]],
    ['dataDir', 5],
    ['dataDir', ''],
    ['addresses', 'seed@host'],
    ['clock', {}],
    ['turns', { soon() {} }],
    ['random', 5],
    ['entropy', null],
    ['disk', {}],
    ['log', console.log],
    ['scheduler', 5],
    ['scheduler.sliceMs', 0],
    ['scheduler.sliceSeconds', 5],
    ['watching', true],
    ['freezeMessages', 'yes'],
    ['longCallbackMs', 5],
  ]
  test.each(options)('refuses the option %s: %j', async (option, value) => {
    const [whole, part] = option.split('.') as [string, string?]
    const error = await errorOf(() => startNode({ [whole]: part === undefined ? value : { [part]: value } }))
    expect(error, String(error)).toMatchObject({ code: 'E_OPTION_INVALID', fields: { option } })
  })

  test('refuses options that are no object, and a name that is none', async () => {
    for (const bad of [null, 5, 'a@b']) await expectCode(() => startNode(bad as never), 'E_OPTION_INVALID')
    for (const name of [5, '', 'a', 'a@', '@b', 'a b@c']) {
      await expectCode(() => startNode({ name: name as never }), 'E_NODE_NAME_INVALID')
    }
  })

  test('takes an option that is undefined for one that was not given', async () => {
    await using other = await startNode({ log: undefined, dataDir: undefined } as never)
    expect(other.alive).toBe(true)
  })
})
