/** `barrel-actors start`: a node in the foreground. */

import { resolve } from 'node:path'
import { Quic } from '@barrel-actors/dist-quic'
import { checkNodeName, type Node } from '@barrel-actors/runtime'
import { startNode } from '../cluster-node.ts'
import { terminalLog } from './log.ts'
import { findModule, loadModule } from './module.ts'
import { errorText } from './print-error.ts'
import type { StartOptions } from './program.ts'
import { exitOnUncaught, stopNode, untilStopped } from './until-stopped.ts'

const defaultPort = 9100

/** Runs the node until it is stopped; resolves to the exit code. */
export async function start(module: string | undefined, options: StartOptions): Promise<number> {
  const name = checkNodeName(options.name)
  const path = module === undefined ? undefined : findModule(module)
  const dataDir = options.data ?? `data/${name}`
  const node = await startNode({
    name,
    dataDir,
    addresses: options.peer,
    log: terminalLog(line => process.stderr.write(line)),
    quic: {
      listenPort: options.port,
      ...(options.bind !== undefined && { address: options.bind }),
      authTrustMode: options.strict === true ? 'strict' : 'tofu',
    },
  })
  const stopped = untilStopped(node, ['SIGINT', 'SIGTERM', 'SIGHUP'])
  exitOnUncaught(node)
  process.stdout.write(describeNode(node, dataDir))
  for (const peer of options.peer) void connect(node, peer)
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

/** A peer that is not there yet is no reason to stop: whoever sends first connects later. */
async function connect(node: Node, peer: string): Promise<void> {
  try {
    process.stdout.write(`connected to ${await node.connect(peer)}\n`)
  } catch (error) {
    if (!node.isStopping) process.stderr.write(errorText(error))
  }
}
