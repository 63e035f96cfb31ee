/** Every bound of the runtime on what another node can make it hold or do. */
export const limits = {
  /** Size of one encoded signal, in bytes. */
  signalBytesMax: 64 * 1024 * 1024,
  /** Bytes of a registered name on the wire. */
  nameBytesMax: 255,
  /** Monitors, calls and links that one other node may hold on processes here. Past it: `'systemLimit'`. */
  incomingPerNodeMax: 1_000_000,
  /**
   * Messages, and their bytes, of one other node that lie in mailboxes of this one. Past either, flows that bring more
   * than a small share of it are left unread until it is taken.
   */
  backlogMessagesMax: 100_000,
  backlogBytesMax: 64 * 1024 * 1024,
  /** Exposed functions that run at a time for callers, on one node. Past it: E_RPC_OVERLOADED. */
  rpcCallsMax: 1000,
  /** Arguments of one remote call. */
  rpcArgsMax: 255,
} as const
