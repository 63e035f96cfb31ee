import type { Endpoint, NodeName } from './node-name.ts'

/**
 * Says where a node can be reached. Resolvers are asked in the order they were added; the first that knows
 * wins, and a carrier falls back to the host part of the node's name.
 */
export interface AddressResolver {
  /** The endpoints to try, in order; undefined or none where it does not know. A rejection or a throw counts as not knowing. */
  resolve(node: NodeName): readonly Endpoint[] | undefined | Promise<readonly Endpoint[] | undefined>
}

/** @internal */
export async function ask(resolver: AddressResolver, node: NodeName): Promise<readonly Endpoint[] | undefined> {
  try {
    return await resolver.resolve(node)
  } catch {
    return undefined
  }
}
