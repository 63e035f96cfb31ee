/** What of Plumtree can be chosen. */

export interface PlumtreeOptions {
  /** For how long announcements are collected; 0 sends each at once. */
  readonly lazyTickMs?: number
  /** How long an announced message may still come by itself before it is asked for. */
  readonly graftDelayMs?: number
  /** How long a peer that was asked may take before the next one is asked. */
  readonly graftRetryMs?: number
  /**
   * How much shorter an announced way of the one origin that shapes the tree must be, in hops, to take the place of the
   * way in use; 0 never does.
   */
  readonly optimizationRounds?: number
  /** Messages, bytes and age that are kept for those who ask. */
  readonly cacheCountMax?: number
  readonly cacheBytesMax?: number
  readonly cacheAgeMs?: number
  /** Messages of one origin that wait behind a gap. */
  readonly heldPerOriginMax?: number
  /** How long a gap holds up what is behind it, when two neighbours say that they are past it. */
  readonly gapMs?: number
  /** The same while only one says so: it might lie. */
  readonly loneGapMs?: number
  /** The same for the beginning of a life of which nothing was delivered yet. */
  readonly startGapMs?: number
  /** Origins of which a window is kept. */
  readonly originsMax?: number
  /** Those among them that one peer may have brought up. */
  readonly originsPerPeerMax?: number
  /** How long an origin must have been silent to make room for another when the table is full. */
  readonly originIdleMs?: number
}

export const plumtreeDefaults: Required<PlumtreeOptions> = {
  lazyTickMs: 200, // chosen: below graftDelayMs, so that a lost payload is asked for within a second
  graftDelayMs: 500, // chosen: the paper wants more than the way through the tree, some 10 hops of a LAN or 5 of a WAN
  graftRetryMs: 500, // chosen: several round trips of a WAN; the paper wants it shorter than the first wait, or as long
  optimizationRounds: 2, // chosen: halves the way to the last node; 1 costs twice as many redundant payloads
  cacheCountMax: 1_024, // chosen
  cacheBytesMax: 8 * 1024 * 1024, // chosen: 128 of the largest payloads
  cacheAgeMs: 60_000, // chosen: twice gapMs, so that what can still be asked for can still be answered
  heldPerOriginMax: 256, // chosen: a quarter of the cache, so that one origin's gap cannot take it all
  gapMs: 30_000, // chosen: time for some ten peers to be asked, and for a neighbour to be replaced
  loneGapMs: 120_000, // chosen: a liar wins only against an origin that is silent for as long
  startGapMs: 5_000, // chosen: time for several peers to be asked
  originsMax: 32_768, // chosen: three times the largest network that is measured
  originsPerPeerMax: 16_384, // chosen: half, for a node with one parent learns of all origins through it
  originIdleMs: 3_600_000, // chosen: no payload is under way for as long
}
