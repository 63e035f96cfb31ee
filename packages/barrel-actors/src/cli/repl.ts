/** `barrel-actors repl`: a node of its own, connected to the nodes given, with a shell on top. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Quic } from '@barrel-actors/dist-quic'
import { hostOf, type Node, type NodeName, parseAddress } from '@barrel-actors/runtime'
import { addressToBind } from '../bind.ts'
import { startNode } from '../cluster-node.ts'
import { commandLineError } from '../errors.ts'
import { configFolder } from '../repl/config-folder.ts'
import { evaluate } from '../repl/evaluate.ts'
import { Shell } from '../repl/shell.ts'
import { type ClusterFlags, clusterOptions, findFile } from './cluster-flags.ts'
import { terminalLog } from './log.ts'
import { errorText, exitCode, problemOf } from './print-error.ts'
import type { ReplOptions } from './program.ts'
import { stopNode, untilInterrupted, untilStopped } from './until-stopped.ts'

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs the shell until its input ends, or evaluates one expression; resolves to the exit code. */
export async function repl(options: ReplOptions): Promise<number> {
  const seeds = options.join.map(address => parseAddress(address).node)
  const dataDir = options.data ?? configFolder(process.env)
  // While it joins, what goes wrong is an error that is printed anyway, and one line is enough.
  const terminal: Terminal = { print: () => {} }
  const node = await startNode({
    name: options.name ?? newName(),
    dataDir,
    // Several shells of one person run side by side.
    shareDataDir: true,
    log: terminalLog(line => terminal.print(line)),
    quic: {
      listenPort: 0,
      address: options.bind ?? addressToBind(seeds.map(hostOf)),
      hidden: true,
      ...clusterOptions({ ...options, ...(await foundKey(options, dataDir)) }, process.env),
    },
  })
  try {
    const { join: addresses, eval: expression } = options
    if (expression !== undefined) return await runExpression(node, addresses, expression, terminal)
    return await runShell(node, addresses, dataDir, terminal)
  } finally {
    await stopNode(node)
  }
}

/** How the log of the node is printed at the moment. */
interface Terminal {
  print: (line: string) => void
}

async function runExpression(
  node: Node,
  addresses: readonly string[],
  expression: string,
  terminal: Terminal,
): Promise<number> {
  const interruption = untilInterrupted(signals)
  const run = async () => {
    await joinAny(node, addresses)
    terminal.print = line => void process.stderr.write(line)
    return interruption.letSignalsEnd(() => evaluate(node, expression, process.stdout))
  }
  return Promise.race([interruption.exitCode, run()])
}

async function runShell(
  node: Node,
  addresses: readonly string[],
  dataDir: string,
  terminal: Terminal,
): Promise<number> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  // At a terminal, Ctrl-C is a key of the shell, and the REPL's own while it evaluates.
  const stopped = untilStopped(node, isTerminal ? ['SIGTERM', 'SIGHUP'] : signals)
  await joinAny(node, addresses)
  const seeds = addresses.map(address => parseAddress(address).node)
  const shell = openShell(node, seeds, dataDir, isTerminal)
  terminal.print = line => shell.print(line.trimEnd())
  keepOnUncaught(shell)
  return await Promise.race([stopped, shell.ended, untilDeserted()])
}

/** The key of the cluster lies where an operator keeps it, or where `cluster new` has just made it. */
async function foundKey(options: ReplOptions, dataDir: string): Promise<ClusterFlags> {
  const { clusterKey, clusterCertificate, openToStrangers } = options
  const isSaid = clusterKey !== undefined || clusterCertificate !== undefined || openToStrangers === true
  if (isSaid || process.env['BARREL_CLUSTER_KEY']) return {}
  const found = await findFile([join(dataDir, 'cluster.key'), 'cluster.key'])
  return found === undefined ? {} : { clusterKey: found }
}

/** A new name every time: several shells of one person run side by side, with one identity. */
function newName(): NodeName {
  return `repl-${randomBytes(4).toString('hex')}-${process.pid}@127.0.0.1`
}

/** @throws why the first one cannot be reached, where none can */
async function joinAny(node: Node, addresses: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(addresses.map(address => node.connect(address)))
  const failures = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0 && failures.length === results.length) throw failures[0]
  for (const failure of failures) process.stderr.write(errorText(failure))
}

function openShell(node: Node, seeds: readonly NodeName[], dataDir: string, isTerminal: boolean): Shell {
  const { stdin: input, stdout: output } = process
  const { fingerprint } = node.extension(Quic)
  return new Shell({
    node,
    input,
    output,
    isTerminal,
    // Knows NO_COLOR.
    colors: isTerminal && output.hasColors(),
    seeds,
    ...(isTerminal && { historyFile: join(dataDir, 'repl-history'), fingerprint }),
  })
}

/** Resolves to the exit code when the terminal, or the other end of the pipes, is gone: nobody is left to talk to. */
function untilDeserted(): Promise<number> {
  return new Promise(resolve => {
    for (const stream of [process.stdin, process.stdout]) stream.on('error', () => resolve(exitCode.fine))
  })
}

// What was typed into the shell may fail later, outside its evaluation: the shell goes on.
function keepOnUncaught(shell: Shell): void {
  process.on('uncaughtException', error => {
    shell.print(errorText(commandLineError('E_UNCAUGHT', { problem: problemOf(error) }, error)).trimEnd())
  })
}
