/** What came of too much waiting to be sent, counted over all channels since the node started. */
export interface ChannelCounts {
  /** How often more than `queueBytesHigh` began to wait for a node, so that `send` returned false. */
  congested: number
  /** How often half of that was left, so that `drained` resolved. */
  drained: number
  /** Channels that were closed, with E_CHANNEL_OVERFLOW, because more than `queueBytesMax` waited. */
  overflowed: number
}

export function createCounts(): ChannelCounts {
  return { congested: 0, drained: 0, overflowed: 0 }
}
