import { expect, test } from 'vitest'
import { GenServer, type Node, startNode } from '../index.ts'
import { freezeMessage } from './freeze.ts'

interface Order {
  items: string[]
}

class Shop extends GenServer<{ call: (request: Order) => Order; cast: Order; info: Order }> {
  readonly #orders: Order[] = []

  override handleInfo(order: Order) {
    this.#orders.push(order)
  }

  override handleCast(order: Order) {
    this.#orders.push(order)
  }

  override handleCall(order: Order) {
    return { items: [...order.items, 'reply'] }
  }
}

async function sentBy(node: Node): Promise<Order[]> {
  const orders: Order[] = ['sent', 'cast', 'called', 'later'].map(item => ({ items: [item] }))
  const [sent, cast, called, later] = orders as [Order, Order, Order, Order]
  const shop = node.spawn(Shop)
  node.send(shop, sent)
  node.cast(shop, cast)
  const replied = await node.call(shop, called)
  node.sendAfter(0, shop, later)
  return [...orders, replied]
}

test('freezeMessages: what was sent, and what was replied, cannot be changed any more', async () => {
  await using node = await startNode({ freezeMessages: true })
  for (const order of await sentBy(node)) {
    expect(() => order.items.push('changed')).toThrow(TypeError)
    expect(() => Object.assign(order, { items: [] })).toThrow(TypeError)
  }
})

test('without freezeMessages messages are left as they are', async () => {
  await using node = await startNode()
  for (const order of await sentBy(node)) expect(Object.isFrozen(order)).toBe(false)
})

test('plain objects and arrays are frozen at any depth, and nothing else is touched', () => {
  const bytes = new Uint8Array(2)
  const map = new Map([['a', { inside: 1 }]])
  class Own {
    value = 1
  }
  const own = new Own()
  let reads = 0
  const message: Record<string, unknown> = {
    deep: Object.freeze({ open: [{ end: 1 }] }),
    bare: Object.assign(Object.create(null), { value: 1 }),
    bytes,
    map,
    own,
    get counted() {
      return ++reads
    },
  }
  message['self'] = message
  freezeMessage(message)
  const { deep, bare } = message as { deep: { open: object[] }; bare: object }
  for (const value of [message, deep.open, deep.open[0], bare]) expect(Object.isFrozen(value)).toBe(true)
  for (const value of [bytes, map, map.get('a'), own]) expect(Object.isFrozen(value)).toBe(false)
  expect(reads).toBe(0)
  for (const value of ['text', 5, null, undefined, () => {}]) freezeMessage(value)
})
