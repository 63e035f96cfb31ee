import { addressResolver, discoveryChain, sharedDirectory } from '@barrel-actors/membership'
import { type DiscoveryChain, type Extension, extensionKey } from 'barrel-actors'

const found = discoveryChain([sharedDirectory({ folder: '/var/lib/my-app/nodes' })])

export const discovery: Extension<DiscoveryChain> = {
  key: extensionKey<DiscoveryChain>('discovery'),
  async install({ node, clock, disk, log, addAddressResolver }) {
    const chain = found({ node: node.name, clock, disk, log })
    addAddressResolver(addressResolver(chain))
    await chain.register(node.name, [{ host: '10.0.0.1', port: 9100 }])
    return { api: chain, stop: () => chain.unregister(node.name) }
  },
}
