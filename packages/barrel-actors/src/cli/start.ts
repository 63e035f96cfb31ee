/** `barrel-actors start`: a node in the foreground. */

import { resolve } from 'node:path'
import { Quic } from '@barrel-actors/dist-quic'
import { Membership, type MembershipMessage } from '@barrel-actors/membership'
import { checkNodeName, type Node, parseAddress, type Self, systemClock } from '@barrel-actors/runtime'
import { startNode } from '../cluster-node.ts'
import { clusterOptions } from './cluster-flags.ts'
import { terminalLog } from './log.ts'
import { findModule, loadModule } from './module.ts'
import { errorText } from './print-error.ts'
import type { StartOptions } from './program.ts'
import { exitOnUncaught, stopNode, untilStopped } from './until-stopped.ts'
import { startWatchdog } from './watchdog.ts'

const defaultPort = 9100

/** Runs the node until it is stopped; resolves to the exit code. */
export async function start(module: string | undefined, options: StartOptions): Promise<number> {
  const name = checkNodeName(options.name)
  const path = module === undefined ? undefined : findModule(module)
  const dataDir = options.data ?? `data/${name}`
  // First, so that it also sees a start that stands still.
  if (options.watchdog !== undefined) await startWatchdog(systemClock, options.watchdog)
  const node = await startNode({
    name,
    dataDir,
    contactNodes: options.join,
    log: terminalLog(line => process.stderr.write(line)),
    quic: {
      listenPort: options.port,
      ...(options.bind !== undefined && { address: options.bind }),
      authTrustMode: options.strict === true ? 'strict' : 'tofu',
      ...clusterOptions(options, process.env),
    },
  })
  const stopped = untilStopped(node, ['SIGINT', 'SIGTERM', 'SIGHUP'])
  exitOnUncaught(node)
  process.stdout.write(describeNode(node, dataDir))
  tellOfOverlay(node)
  for (const contact of options.join) void tellIfUnreachable(node, contact)
  if (path === undefined) return stopped
  try {
    // The module's function may go on for as long as the node runs.
    return await Promise.race([loadModule(path, node).then(() => stopped), stopped])
  } finally {
    await stopNode(node)
  }
}

/** The first lines: who the node is, and what to type next. */
function describeNode(node: Node, dataDir: string): string {
  const { address, fingerprint } = node.extension(Quic)
  const port = address.port === defaultPort ? '' : `:${address.port}`
  return [
    `node         ${node.name}, creation ${node.creation}`,
    `address      ${address.host}:${address.port} (UDP)`,
    `fingerprint  ${fingerprint}`,
    `data         ${resolve(dataDir)}`,
    `Ctrl-C stops it. To talk to it: npx barrel-actors repl --join ${node.name}${port}`,
    '',
  ].join('\n')
}

/** A line when it finds the others. */
function tellOfOverlay(node: Node): void {
  const teller = node.spawn(async (self: Self<MembershipMessage>) => {
    let neighbour = ''
    for await (const message of self) {
      if (message.event === 'peerUp') neighbour = message.node
      if (message.event === 'joined') process.stdout.write(`joined the others: ${neighbour} is a neighbour\n`)
    }
  })
  node.extension(Membership).subscribe(teller)
}

/** A contact that is not there yet is no reason to stop: it is asked again. What is wrong is said once. */
async function tellIfUnreachable(node: Node, contact: string): Promise<void> {
  try {
    await node.connect(parseAddress(contact).node)
  } catch (error) {
    if (!node.isStopping) process.stderr.write(errorText(error))
  }
}
