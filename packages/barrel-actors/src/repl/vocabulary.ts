/** The words that the shell knows: each with its value, how it is written, and one line of help. */

import {
  call,
  cast,
  demonitor,
  exit,
  GenServer,
  link,
  monitor,
  type Node,
  nodes,
  processes,
  processInfo,
  register,
  send,
  spawn,
  spawnLink,
  spawnMonitor,
  unlink,
  unregister,
  whereis,
} from '@barrel-actors/runtime'
import { Text } from '../terminal-text.ts'
import type { Inbox } from './inbox.ts'

export interface Word {
  readonly value: unknown
  /** How it is written. */
  readonly usage: string
  /** What it does, on one line. */
  readonly help: string
}

export type Vocabulary = Readonly<Record<string, Word>>

/** The words for what can be done on that node, and those given. */
export function vocabularyOf(node: Node, further: Vocabulary = {}): Vocabulary {
  const words: Record<string, Word> = { ...verbs, ...placesOf(node), ...further }
  words['help'] = {
    value: (what?: unknown) => helpOn(words, what),
    usage: 'help(what?)',
    help: 'this list, or one line about one word: help(call)',
  }
  return words
}

/** The word for what came to a shell. `note` prints a line that is not the value of an expression. */
export function flushOf(inbox: Inbox, note: (line: string) => void): Word {
  const flush = (): unknown[] => {
    const { messages, dropped } = inbox.takeAll()
    if (dropped > 0) note(`${dropped} older messages were dropped`)
    return messages
  }
  return { value: flush, usage: 'flush()', help: 'the messages that came to this shell since the last flush' }
}

// The functions of the package itself: the shell's process is the root process of the default node.
const verbs: Vocabulary = {
  send: { value: send, usage: 'send(to, message)', help: 'send a message; to: a pid, a name, { name, node }' },
  call: { value: call, usage: 'await call(to, request, { timeoutMs }?)', help: 'ask a server and wait for its reply' },
  cast: { value: cast, usage: 'cast(to, request)', help: 'tell a server something that it does not answer' },
  spawn: { value: spawn, usage: 'spawn(async self => { … })', help: 'start a process here: a function, or a server' },
  spawnLink: { value: spawnLink, usage: 'spawnLink(what, …args)', help: 'spawn, and link it to this shell' },
  spawnMonitor: { value: spawnMonitor, usage: 'spawnMonitor(what, …args)', help: 'spawn, and monitor it from here' },
  monitor: { value: monitor, usage: 'monitor(what)', help: 'get one down message when a pid or { name, node } ends' },
  demonitor: { value: demonitor, usage: 'demonitor(ref, { flush }?)', help: 'take a monitor back' },
  link: { value: link, usage: 'link(pid)', help: 'get an exit message when the process ends; it ends with this shell' },
  unlink: { value: unlink, usage: 'unlink(pid)', help: 'take a link back' },
  exit: { value: exit, usage: 'exit(pid, reason)', help: "send an exit signal; 'kill' cannot be trapped" },
  register: { value: register, usage: 'register(name, pid)', help: 'give a process of this shell a name' },
  unregister: { value: unregister, usage: 'unregister(name)', help: 'free a name' },
  whereis: { value: whereis, usage: 'whereis(name)', help: 'the process that holds a name on this shell' },
  nodes: { value: nodes, usage: 'nodes()', help: 'the nodes that a channel is up to' },
  processes: { value: processes, usage: 'processes()', help: 'the pids of the processes of this shell' },
  processInfo: {
    value: processInfo,
    usage: 'processInfo(pid)',
    help: 'what a process of this shell does and waits for',
  },
  GenServer: { value: GenServer, usage: 'class Counter extends GenServer { … }', help: 'the base class of servers' },
}

function placesOf(node: Node): Vocabulary {
  return {
    node: { value: node, usage: 'node', help: 'the node of this shell' },
    self: { value: node.pid, usage: 'self', help: 'the pid of this shell: what is sent to it is printed here' },
    connect: {
      value: (address: string) => node.connect(address),
      usage: "await connect('name@host:port')",
      help: 'open the channel to another node',
    },
  }
}

/** The list of all words, or the line of one, given as itself or by name. */
export function helpOn(words: Vocabulary, what?: unknown): Text {
  const width = Math.max(...Object.values(words).map(({ usage }) => usage.length))
  const line = ({ usage, help }: Word) => `${usage.padEnd(width)}  ${help}`
  if (what === undefined) return new Text(Object.values(words).map(line).join('\n'))
  const name = typeof what === 'string' ? what : Object.keys(words).find(word => words[word]?.value === what)
  const word = name !== undefined && Object.hasOwn(words, name) ? words[name] : undefined
  return new Text(
    word === undefined ? 'There is no help on that; help() lists everything.' : `${word.usage}: ${word.help}`,
  )
}
