// A peer that guesses the addresses of aliases, and sends to them or has somebody else send to them.
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { Self } from '../process/function-process.ts'
import { AliasRef, Ref } from '../ref.ts'
import { two } from '../rpc/two-nodes.suite.ts'

/** Two nodes with a channel between them, and a process of `b` that has an alias. */
async function aliased() {
  const world = await two()
  const { a, b, simulation } = world
  const got: unknown[] = []
  let self!: Self
  let alias!: AliasRef
  b.spawn(async process => {
    self = process
    alias = process.alias() as AliasRef
    for await (const message of process) got.push(message)
  })
  a.send({ name: 'nobody', node: 'b@sim' }, 'opens the channel')
  await simulation.advance(100)
  const guess = (id: number, key: bigint) => new AliasRef('b@sim', b.creation, id, key)
  return { ...world, got, self, alias, guess }
}

test('an alias that has not left its node takes none of four thousand guesses', async () => {
  await using world = await aliased()
  const { a, b, simulation, guess, got } = world
  for (let id = 0; id < 2000; id++) {
    a.send(new Ref('b@sim', b.creation, id) as never, 'a guess')
    a.send(guess(id, BigInt(id % 2)), 'a guess')
  }
  await simulation.advance(1000)
  expect(got).toEqual([])
})

test('an alias that has left its node takes messages that have its key, and none of four thousand guesses', async () => {
  await using world = await aliased()
  const { a, self, alias, simulation, guess, got } = world
  a.register('receiver', a.pid)
  self.send({ name: 'receiver', node: 'a@sim' }, alias)
  const given = (await simulation.until(a.receive())) as AliasRef
  const key = AliasRef.exportKey(given)
  for (let bit = 0n; bit < 64n; bit++) a.send(guess(alias.id, key ^ (1n << bit)), 'a guess')
  for (let key = 0n; key < 4000n; key++) a.send(guess(alias.id, key), 'a guess')
  a.send(given, 'from one who was given it')
  await simulation.advance(1000)
  expect(got).toEqual(['from one who was given it'])
})

test('a process that answers where it is told sends nothing to an alias that a peer has guessed', async () => {
  await using world = await aliased()
  const { a, b, self, alias, simulation, guess, got } = world
  const server = b.spawn(async server => {
    for await (const { answerTo } of server as Self<{ answerTo: AliasRef }>) server.send(answerTo, 'an answer')
  })
  b.register('answering', server)
  const answering = { name: 'answering', node: 'b@sim' }
  for (let key = 0n; key < 100n; key++) a.send(answering, { answerTo: guess(alias.id, key) })
  a.send(answering, { answerTo: new Ref('b@sim', b.creation, alias.id) })
  a.register('receiver', a.pid)
  self.send({ name: 'receiver', node: 'a@sim' }, alias)
  a.send(answering, { answerTo: await simulation.until(a.receive()) })
  await simulation.advance(1000)
  expect(got).toEqual(['an answer'])
  expect([self.unalias(guess(alias.id, 0n)), self.unalias(alias)]).toEqual([false, true])
})

test('the key of an alias is in no text of it', async () => {
  await using world = await aliased()
  const key = AliasRef.exportKey(world.alias)
  const texts = [
    String(world.alias),
    JSON.stringify({ alias: world.alias }),
    inspect(world.alias, { showHidden: true }),
  ]
  for (const text of texts) {
    expect(text).not.toContain(String(key))
    expect(text).not.toContain(key.toString(16))
  }
})
