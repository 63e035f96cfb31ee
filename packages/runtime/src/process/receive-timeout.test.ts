import { expect, test } from 'vitest'
import type { Clock, Timer } from '../clock/clock.ts'
import { startNode } from '../start-node.ts'

function handClock() {
  const timers = new Map<Timer, { delayMs: number; expire: () => void; kept: boolean }>()
  const clock: Clock = {
    now: () => 0,
    wall: () => 1_000_000,
    setTimer: (delayMs, expire) => {
      const timer: Timer = {
        cancel: () => void timers.delete(timer),
        keepAlive: kept => void timers.set(timer, { delayMs, expire, kept }),
      }
      timers.set(timer, { delayMs, expire, kept: false })
      return timer
    },
  }
  const expire = () => {
    for (const [timer, { expire }] of timers) {
      timers.delete(timer)
      expire()
    }
  }
  return { clock, timers, expire }
}

test('a receive whose time is over is rejected, and the process goes on', async () => {
  const { clock, timers, expire } = handClock()
  await using node = await startNode({ clock })
  const receive = node.receive(undefined, { timeoutMs: 250 })
  expect([...timers.values()]).toMatchObject([{ delayMs: 250, kept: true }])
  expire()
  await expect(receive).rejects.toMatchObject({ code: 'E_RECEIVE_TIMEOUT' })
  node.send(node.pid, 'later')
  expect(await node.receive()).toBe('later')
})

test('messages that do not fit do not keep a receive from timing out, and stay', async () => {
  const { clock, expire } = handClock()
  await using node = await startNode({ clock })
  const receive = node.receive({ wanted: true }, { timeoutMs: 250 })
  node.send(node.pid, 'other')
  expire()
  await expect(receive).rejects.toMatchObject({ code: 'E_RECEIVE_TIMEOUT' })
  expect(await node.receive()).toBe('other')
})

test('a message that came before the time was over is taken, even when its turn had not come', async () => {
  const { clock, expire } = handClock()
  await using node = await startNode({ clock })
  const receive = node.receive({ wanted: true }, { timeoutMs: 250 })
  node.send(node.pid, { wanted: true })
  expire()
  expect(await receive).toEqual({ wanted: true })
})

test('a message takes the timer away', async () => {
  const { clock, timers } = handClock()
  await using node = await startNode({ clock })
  const receive = node.receive(undefined, { timeoutMs: 250 })
  node.send(node.pid, 'in time')
  expect(await receive).toBe('in time')
  expect(timers.size).toBe(0)
})

test('the end of a process takes the timer of its receive away, so that it keeps nothing alive', async () => {
  const { clock, timers } = handClock()
  const node = await startNode({ clock })
  const started = node.spawn(self => {
    const receive = self.receive(undefined, { timeoutMs: 3_600_000 })
    self.send(self.node.pid, 'waiting')
    return receive
  })
  await node.receive()
  expect(timers.size).toBe(1)
  node.exit(started, 'kill')
  expect(timers.size).toBe(0)
  node.receive(undefined, { timeoutMs: 3_600_000 }).catch(() => {})
  await node.stop()
  expect(timers.size).toBe(0)
})
