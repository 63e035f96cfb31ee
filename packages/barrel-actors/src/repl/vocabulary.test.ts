import { type Node, startNode } from '@barrel-actors/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { show } from '../terminal-text.ts'
import { Inbox } from './inbox.ts'
import { flushOf, helpOn, type Vocabulary, vocabularyOf } from './vocabulary.ts'

let node: Node
let words: Vocabulary
const inbox = new Inbox()
const notes: string[] = []

beforeAll(async () => {
  node = await startNode({ name: 'words@test' })
  words = vocabularyOf(node, { flush: flushOf(inbox, line => notes.push(line)) })
})

afterAll(() => node.stop())

test('these are the words', () => {
  expect(Object.keys(words).sort()).toMatchInlineSnapshot(`
    [
      "GenServer",
      "call",
      "cast",
      "connect",
      "demonitor",
      "exit",
      "flush",
      "help",
      "link",
      "monitor",
      "node",
      "nodes",
      "processInfo",
      "processes",
      "register",
      "self",
      "send",
      "spawn",
      "spawnLink",
      "spawnMonitor",
      "unlink",
      "unregister",
      "whereis",
    ]
  `)
})

test('every word has a line of help that shows how it is written', () => {
  const help = show(helpOn(words), false).split('\n')
  expect(help).toHaveLength(Object.keys(words).length)
  for (const [name, word] of Object.entries(words)) {
    expect(word.value, name).toBeDefined()
    expect(word.usage, name).toContain(name)
    expect(word.help, name).toMatch(/^\S[^\n]{9,90}[^.\n]$/)
  }
})

test('help on one word is one line, and says so where there is none', () => {
  expect(show(helpOn(words, words['flush']?.value), false)).toMatch(/^flush\(\): /)
  expect(show(helpOn(words, 'flush'), false)).toMatch(/^flush\(\): /)
  expect(show(helpOn(words, 'constructor'), false)).toBe('There is no help on that; help() lists everything.')
})

test('flush says how many messages were too many', () => {
  for (let index = 0; index < 1002; index++) inbox.add(index)
  const flush = words['flush']?.value as () => unknown[]
  expect(flush()).toHaveLength(1000)
  expect(notes).toEqual(['2 older messages were dropped'])
})
