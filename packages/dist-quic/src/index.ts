export type { ConnectOptions } from './channel/connect-options.ts'
export type {
  ChannelCounts,
  HandshakeCount,
  HandshakeCounts,
  HandshakeOutcome,
  MigrationOutcome,
} from './channel/counts.ts'
export type { QuicCode } from './errors.ts'
export { codes } from './errors.ts'
export type { QuicApi } from './extension.ts'
export { Quic, quic } from './extension.ts'
export type { AuthCallback, AuthQuestion } from './identity/auth-callback.ts'
export { certifyMember, type MemberRequest } from './identity/certify.ts'
export { type FileOrBytes, newClusterKey, publicKeyText, readClusterKey } from './identity/cluster-files.ts'
export type { Rotation } from './identity/identity.ts'
export { type KeyFolder, openKeyFolder } from './identity/key-folder.ts'
export type { KeyPair } from './identity/keys.ts'
export type { MemberRole } from './identity/member-certificate.ts'
export type { PinnedBy, PinnedKey } from './identity/pin-file.ts'
export type { RevokedKey } from './identity/revoked-keys.ts'
export type { Trust } from './identity/trust.ts'
export type { Revoked } from './identity/trust-store.ts'
export type { KeyChange, QuicOptions, TrustMode } from './options.ts'
export { quicDefaults } from './options.ts'
export type { DatagramAdapter } from './quic/adapter.ts'
export type { Address } from './quic/address.ts'
export type { PathStats } from './quic/path-stats.ts'
export type { UserStream } from './user-streams/user-stream.ts'
export type { IncomingStream, OpenStreamOptions, Streams } from './user-streams/user-streams.ts'
