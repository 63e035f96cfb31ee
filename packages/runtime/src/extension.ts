import type { AddressResolver } from './address-resolver.ts'
import type { Carrier, CarrierEvents, NodeLife } from './carrier.ts'
import type { Clock } from './clock/clock.ts'
import type { SignalDecoder } from './codec/flow/signal-decoder.ts'
import type { SignalEncoder } from './codec/flow/signal-encoder.ts'
import type { TermCodec } from './codec/term/term-codec.ts'
import type { Disk } from './disk/disk.ts'
import type { Log } from './log.ts'
import type { NameResolver } from './names/name-resolver.ts'
import type { Node } from './node.ts'
import type { Endpoint, NodeName } from './node-name.ts'
import type { Entropy, Random } from './random.ts'

declare const provides: unique symbol

/** Names an extension and, as a type, what it offers to others. Made with {@link extensionKey}. */
export interface ExtensionKey<Api> {
  readonly name: string
  readonly [provides]?: Api
}

/** A key under which an extension is known on its node. */
export function extensionKey<Api>(name: string): ExtensionKey<Api> {
  return { name }
}

/**
 * What plugs into a node. Extensions are installed in the order given and stopped in reverse; each names what it
 * needs, and what it needs must stand before it.
 */
export interface Extension<Api = unknown> {
  readonly key: ExtensionKey<Api>
  readonly needs?: readonly ExtensionKey<unknown>[]
  /** Sets it up. A rejection stops the node from starting; what was installed before is stopped again. */
  install(host: Host): Promise<Installed<Api>>
}

/** An extension on its node. */
export interface Installed<Api> {
  /** What others get from `host.extension(key)` and users from `node.extension(key)`. */
  readonly api: Api
  /** The node stops, and its processes end as soon as this returns: the moment to say goodbye. Called once, before `stop`. */
  stopping?(): void
  /** Ends it; called once. */
  stop?(): Promise<void>
}

/** What an extension is given. */
export interface Host {
  readonly node: Node
  readonly clock: Clock
  readonly random: Random
  readonly entropy: Entropy
  readonly disk: Disk
  readonly log: Log
  /** The folder for what this node keeps on disk; undefined for a node that keeps nothing. */
  readonly dataDir: string | undefined
  /** A new encoder: one for each ordered stream, living as long as the stream. */
  createEncoder(): SignalEncoder
  /** The decoder for one ordered stream that comes from `peer`. */
  createDecoder(peer: NodeLife): SignalDecoder
  /** For values that many nodes get, or that are kept: as bytes that mean the same anywhere. */
  readonly terms: TermCodec
  /**
   * Gives the node its carrier.
   * @throws E_EXTENSION_INVALID where it has one.
   */
  setCarrier(carrier: Carrier): CarrierEvents
  /**
   * Somebody relies on the channel to that node from here on, should there be one: it is not closed for being idle
   * until `release` is called with the same owner. Links, monitors and pending calls keep their channels by themselves.
   */
  keep(node: NodeName, owner: object): void
  release(node: NodeName, owner: object): void
  /** Whether somebody relies on the channel to that node. For carriers. */
  isKept(node: NodeName): boolean
  /** Whether a channel to that node is up. */
  isConnected(node: NodeName): boolean
  /** Where a node can be reached, as the resolvers know it; empty where none does. */
  resolveAddress(node: NodeName): Promise<readonly Endpoint[]>
  addAddressResolver(resolver: AddressResolver): void
  /**
   * Resolves `{ via, name }` for this `via`.
   * @throws E_EXTENSION_INVALID where another extension does.
   */
  addNameResolver(via: string, resolver: NameResolver): void
  /**
   * What an extension offers.
   * @throws E_EXTENSION_MISSING
   */
  extension<Api>(key: ExtensionKey<Api>): Api
}
