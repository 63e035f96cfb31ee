export type { BackendCounts } from './discovery/asked-backend.ts'
export type { DiscoveryBackend, DiscoveryFactory, DiscoverySeams, KnownNode } from './discovery/backend.ts'
export type { DiscoveryChain, DiscoveryChainOptions } from './discovery/chain.ts'
export { addressResolver, discoveryChain, discoveryChainDefaults } from './discovery/chain.ts'
export type { DnsOptions } from './discovery/dns.ts'
export { dns, dnsDefaults } from './discovery/dns.ts'
export type { DnsResolver, ServiceRecord } from './discovery/dns-resolver.ts'
export type { SharedDirectoryOptions } from './discovery/shared-directory.ts'
export { sharedDirectory, sharedDirectoryDefaults } from './discovery/shared-directory.ts'
export { staticTable } from './discovery/static-table.ts'
export { dnsServers, systemDns } from './discovery/system-dns.ts'
export type {
  BroadcastMessage,
  BroadcastMissedMessage,
  BroadcastOrigin,
  MembershipMessage,
} from './events.ts'
export type { MembershipApi, MembershipStats } from './extension.ts'
export { Membership, membership } from './extension.ts'
export type { HyparviewOptions } from './hyparview/options.ts'
export { hyparviewDefaults } from './hyparview/options.ts'
export { limits } from './limits.ts'
export type { MembershipOptions, Profile } from './options.ts'
export { membershipDefaults, profiles } from './options.ts'
export type { Delivery, Missed, OverlayEvent, OverlayMessage, OverlayOptions, OverlaySeams } from './overlay/overlay.ts'
export { Overlay } from './overlay/overlay.ts'
export type { Peer } from './peer.ts'
export type { PlumtreeOptions } from './plumtree/options.ts'
export { plumtreeDefaults } from './plumtree/options.ts'
