/** Starting a node: its creation, then its extensions, in order. */

import { checkNodeOptions } from './check-node-options.ts'
import { sendingBoundsOf } from './codec/bounds.ts'
import { SignalDecoder } from './codec/flow/signal-decoder.ts'
import { SignalEncoder } from './codec/flow/signal-encoder.ts'
import { TermCodec } from './codec/term/term-codec.ts'
import { creationWithoutDisk, nextCreation } from './creation.ts'
import { holdDataFolder } from './data-folder.ts'
import { setDefaultNode } from './default-node.ts'
import { runtimeError } from './errors.ts'
import { type Extension, extensionKey, type Host } from './extension.ts'
import { Node } from './node.ts'
import { checkNodeName } from './node-name.ts'
import { type NodeOptions, type NodeSeams, seamsOf } from './node-options.ts'

/**
 * Starts a node with the extensions given. The first named node of the OS process becomes its default node, until
 * it stops.
 * @throws E_OPTION_INVALID, E_NODE_NAME_INVALID, E_EXTENSION_MISSING, E_EXTENSION_INVALID, E_CREATION_UNREADABLE, E_DATA_IN_USE; what an extension
 * throws while it is installed
 */
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  checkNodeOptions(options)
  const name = options.name === undefined ? 'nonode@nohost' : checkNodeName(options.name)
  const seams = seamsOf(options)
  const { dataDir, shareDataDir: isShared = false } = options
  if (dataDir === undefined)
    return assemble(new Node(name, creationWithoutDisk(name, seams.clock), seams), seams, options)
  const lock = await holdDataFolder({ dataDir, isShared }, name, seams)
  let isHeld = false
  try {
    const node = new Node(name, await nextCreation(seams.clock, seams.disk, dataDir), seams)
    if (!isShared) {
      // Stops last.
      node.addExtension(extensionKey('data folder'), { api: undefined, stop: () => lock.release() })
      isHeld = true
    }
    return await assemble(node, seams, options)
  } finally {
    if (!isHeld) await lock.release()
  }
}

async function assemble(node: Node, seams: NodeSeams, options: NodeOptions): Promise<Node> {
  try {
    for (const address of options.addresses ?? []) node.addAddress(address)
    for (const extension of options.extensions ?? []) await install(node, extension, seams, options.dataDir)
  } catch (error) {
    await node.stop().catch(problem => node.log.error('stop after a failed start failed', { problem }))
    throw error
  }
  setDefaultNode(node)
  return node
}

async function install(node: Node, extension: Extension, seams: NodeSeams, dataDir: string | undefined): Promise<void> {
  const { key, needs = [] } = extension
  if (node.hasExtension(key)) {
    throw runtimeError('E_EXTENSION_INVALID', { extension: key.name, problem: 'it is installed already' })
  }
  for (const needed of needs) {
    if (!node.hasExtension(needed)) {
      throw runtimeError('E_EXTENSION_MISSING', { extension: key.name, needs: needed.name })
    }
  }
  const installed = await extension.install(hostOf(node, seams, dataDir))
  node.addExtension(key, installed)
}

function hostOf(node: Node, seams: NodeSeams, dataDir: string | undefined): Host {
  const { messageBounds } = seams
  return {
    node,
    ...seams,
    dataDir,
    createEncoder: () => new SignalEncoder(node, sendingBoundsOf(messageBounds)),
    createDecoder: peer => new SignalDecoder(node, peer, messageBounds),
    terms: new TermCodec(node, messageBounds),
    setCarrier: carrier => {
      if (node.carrier !== undefined) {
        throw runtimeError('E_EXTENSION_INVALID', { extension: 'a carrier', problem: 'the node has one already' })
      }
      node.carrier = carrier
      return node.remotes.events
    },
    keep: (name, owner) => node.remotes.keep(name, owner),
    release: (name, owner) => node.remotes.release(name, owner),
    isKept: name => node.remotes.isKept(name),
    isConnected: name => node.remotes.isConnected(name),
    resolveAddress: name => node.resolveAddress(name),
    addAddressResolver: resolver => node.addAddressResolver(resolver),
    addNameResolver: (via, resolver) => node.names.addResolver(via, resolver),
    extension: key => node.extension(key),
  }
}
