/** What became of channels, handshakes and migrations, counted over all channels since the node started. */
import { hasCode } from '@barrel-actors/runtime'

export interface ChannelCounts {
  /** How often more than `queueBytesHigh` began to wait for a node, so that `send` returned false. */
  congested: number
  /** How often half of that was left, so that `drained` resolved. */
  drained: number
  /** Channels that were closed, with E_CHANNEL_OVERFLOW, because more than `queueBytesMax` waited. */
  overflowed: number
  /** Channels that were closed because they were idle, whichever end saw it first. */
  reaped: number
  /** The handshakes of nodes that began, TLS being done. Each is counted once, when it ends. */
  readonly handshakes: {
    /** Those of connections that this node dialed, and those of connections that others dialed. */
    readonly dialed: HandshakeCounts
    readonly accepted: HandshakeCounts
  }
  /** Calls of `migratePeer` for a channel that was up, by what they ended with. */
  readonly migrations: Record<MigrationOutcome, number>
}

/**
 * `done`: the peer proved who it is and is trusted. `refused`: one end would not have the other. `superseded`: it gave way
 * to a connection that the other end dialed. `timedOut`: it took longer than `authHandshakeTimeoutMs`. `lost`: the
 * connection ended in the middle.
 */
export type HandshakeOutcome = 'done' | 'refused' | 'superseded' | 'timedOut' | 'lost'

export type HandshakeCounts = Readonly<Record<HandshakeOutcome, HandshakeCount>>

export interface HandshakeCount {
  count: number
  /** How long they took from the end of TLS, in milliseconds: all together, and the longest. */
  ms: number
  msMax: number
}

/** `lost`: the channel ended first. `failed`: anything else, such as no socket to move to. */
export type MigrationOutcome = 'done' | 'refused' | 'unsupported' | 'timedOut' | 'lost' | 'failed'

export function createCounts(): ChannelCounts {
  return {
    congested: 0,
    drained: 0,
    overflowed: 0,
    reaped: 0,
    handshakes: { dialed: handshakeCounts(), accepted: handshakeCounts() },
    migrations: { done: 0, refused: 0, unsupported: 0, timedOut: 0, lost: 0, failed: 0 },
  }
}

function handshakeCounts(): HandshakeCounts {
  const none = (): HandshakeCount => ({ count: 0, ms: 0, msMax: 0 })
  return { done: none(), refused: none(), superseded: none(), timedOut: none(), lost: none() }
}

/** Adds a handshake that took so long. */
export function countHandshake(counts: HandshakeCounts, outcome: HandshakeOutcome, ms: number): void {
  const counted = counts[outcome]
  counted.count++
  counted.ms += ms
  counted.msMax = Math.max(counted.msMax, ms)
}

/** The outcome of a handshake that failed with that code. */
export function outcomeOfFailure(code: string): HandshakeOutcome {
  if (code === 'E_DIAL_SUPERSEDED') return 'superseded'
  return code === 'E_HANDSHAKE_TIMEOUT' ? 'timedOut' : 'refused'
}

/** Counts a migration by what it ends with, and ends as it does. */
export async function countMigration(counts: ChannelCounts['migrations'], migration: Promise<void>): Promise<void> {
  try {
    await migration
    counts.done++
  } catch (error) {
    counts[outcomeOfMigration(error)]++
    throw error
  }
}

function outcomeOfMigration(error: unknown): MigrationOutcome {
  if (hasCode(error, 'E_MIGRATION_REFUSED')) return 'refused'
  if (hasCode(error, 'E_MIGRATION_UNSUPPORTED')) return 'unsupported'
  if (hasCode(error, 'E_MIGRATION_TIMEOUT')) return 'timedOut'
  return hasCode(error, 'E_CHANNEL_CLOSED') || hasCode(error, 'E_CHANNEL_LOST') ? 'lost' : 'failed'
}
