export { limits } from './limits.ts'
export type { Peer } from './peer.ts'
