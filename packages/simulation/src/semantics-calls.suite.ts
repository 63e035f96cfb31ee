/** The part of the semantics suite on calls, and on processes that end while they wait. */

import { type AnyPid, type From, GenServer, type Node, noReply, type Pid } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { type MakePair, type Trial, trial } from './carrier-trial.suite.ts'
import { actor } from './semantics-links.suite.ts'

export function callCases(makePair: MakePair): void {
  describe('calls and ends', () => {
    trial('a reply that comes too late vanishes', makePair, dropsLateReplies)
    trial('a call that is aborted ends at once, and its reply vanishes', makePair, aborts)
    trial('a call ends with the reason of the server, and is answered once', makePair, endsWithTheServer)
    trial(
      'what is sent to an alias comes until it is taken back, in order with what is sent to the pid',
      makePair,
      heedsAliases,
    )
    trial('a stop has a server run terminate and end with the reason, after what it was sent before', makePair, stops)
    trial('an alias for once takes one message, whoever sends it', makePair, takesOnce)
    trial('a process that is killed while it awaits has no effects any more', makePair, hasNoEffects)
  })
}

interface Holding {
  readonly server: Pid
  readonly held: From[]
}

/** A server that keeps every call for later. */
function holding(node: Node): Holding {
  const held: From[] = []
  class Holds extends GenServer {
    override handleCall(_: unknown, from: From) {
      held.push(from)
      return noReply
    }
  }
  return { server: node.spawn(Holds) as Pid, held }
}

async function dropsLateReplies(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  const { server, held } = holding(t.b)
  await t.rejection(p.self.call(server, 'x', { timeoutMs: 100 }), 'E_CALL_TIMEOUT')
  held[0]?.reply('late')
  await t.quiet()
  const second = p.self.call(server, 'y')
  await t.eventually('the second call has come', () => held.length > 1)
  held[0]?.reply('late again')
  held[1]?.reply('in time')
  held[1]?.reply('twice')
  expect(await t.until(second)).toBe('in time')
  await t.quiet()
  expect(p.messages).toEqual([])
}

async function aborts(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  const { server, held } = holding(t.b)
  const abort = new AbortController()
  const aborted = t.rejection(p.self.call(server, 'x', { signal: abort.signal }), 'E_CALL_ABORTED')
  await t.eventually('the call has come', () => held.length > 0)
  abort.abort()
  await aborted
  held[0]?.reply('late')
  await t.quiet()
  expect(p.messages).toEqual([])
}

async function endsWithTheServer(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  const { server, held } = holding(t.b)
  const ended = t.rejection(p.self.call(server, 'x'), 'E_CALL_EXIT')
  await t.eventually('the call has come', () => held.length > 0)
  t.b.exit(server, { gone: 1 })
  held[0]?.reply('from the dead')
  expect((await ended).fields).toMatchObject({ exit: { gone: 1 } })
  const nobody = await t.rejection(p.self.call(server, 'y'), 'E_CALL_EXIT')
  expect(nobody.fields).toMatchObject({ exit: 'noproc' })
}

async function stops(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  const seen: unknown[] = []
  class Last extends GenServer {
    override handleInfo(message: unknown) {
      seen.push(message)
    }
    override terminate(reason: unknown) {
      seen.push({ reason })
    }
  }
  const server = t.b.spawn(Last)
  const [own, other] = [t.b.spawn(Last), t.notes(t.b).pid]
  for (const pid of [server, own, other]) p.self.monitor(pid)
  p.self.send(server as Pid, 'before')
  // Between two senders there is no order: what p has sent must have come.
  await t.eventually('it has come', () => seen.length > 0)
  // The functions of the package act for the process whose code runs: one of a.
  const stop = (pid: AnyPid, reason: unknown) =>
    new Promise<void>((resolve, reject) => {
      t.a.spawn(() => GenServer.stop(pid as Pid, reason).then(resolve, reject))
    })
  await t.until(stop(server, { over: 1 }))
  expect(seen.splice(0)).toEqual(['before', { reason: { over: 1 } }])
  await t.until(stop(other, 'of a function'))
  t.b.exit(own, 'kill')
  await t.rejection(stop(own, 'normal'), 'E_CALL_EXIT')
  await t.eventually('the ends have come', () => p.messages.length >= 3)
  const reasons = p.messages.map(message => (message as { reason: unknown }).reason)
  expect(reasons).toEqual([{ over: 1 }, 'of a function', 'killed'])
}

async function heedsAliases(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a), await actor(t, t.b)]
  const alias = p.self.alias<number>()
  // It knows the alias as it came over the channel.
  p.self.send(q.pid as never, alias)
  await t.eventually('it is there', () => q.messages.length > 0)
  const there = q.messages[0] as typeof alias
  for (let count = 0; count < 6; count += 2) {
    q.self.send(there, count)
    q.self.send(p.pid as never, count + 1)
  }
  await t.eventually('all have come', () => p.messages.length === 6)
  expect(p.messages.splice(0)).toEqual([0, 1, 2, 3, 4, 5])
  expect([p.self.unalias(alias), p.self.unalias(alias)]).toEqual([true, false])
  q.self.send(there, 6)
  await t.quiet()
  expect(p.messages).toEqual([])
}

async function takesOnce(t: Trial): Promise<void> {
  const [p, q, r] = [await actor(t, t.a), await actor(t, t.b), await actor(t, t.b)]
  const alias = p.self.alias({ once: true })
  q.self.send(alias, 'from q')
  await t.eventually('it has come', () => p.messages.length > 0)
  r.self.send(alias, 'from r')
  q.self.send(alias, 'from q again')
  await t.quiet()
  expect(p.messages).toEqual(['from q'])
  expect(p.self.unalias(alias)).toBe(false)
}

async function hasNoEffects(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  let letGo = () => {}
  const outside = new Promise<void>(resolve => {
    letGo = resolve
  })
  const signals: AbortSignal[] = []
  const done: string[] = []
  class Slow extends GenServer {
    override async handleInfo() {
      signals.push(this.signal)
      await outside
      this.send(p.pid as never, 'from the dead')
      this.node.exit(p.pid, 'normal')
      this.exit(p.pid, 'from the dead')
      done.push('its code ran on')
    }
  }
  const slow = t.b.spawn(Slow)
  p.self.monitor(slow)
  p.self.send(slow as Pid, 'go')
  await t.eventually('it awaits', () => signals.length > 0)
  p.self.exit(slow, 'kill')
  await t.eventually('its end has come', () => p.messages.length > 0)
  expect(signals[0]?.aborted).toBe(true)
  letGo()
  await t.eventually('its code has run on', () => done.length > 0)
  await t.quiet()
  expect(p.messages).toMatchObject([{ kind: 'down', reason: 'killed' }])
}
