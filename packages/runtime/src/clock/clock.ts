/** Time, as a node sees it. The system's own outside tests, virtual inside them. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean something. */
  now(): number
  /** Milliseconds since 1970, as the machine believes; it may jump either way. */
  wall(): number
  /**
   * Runs `expire` once after at least `delayMs`. A timer that is not `ref`ed (the default) does not keep the
   * operating-system process alive. `expire` must not throw.
   */
  setTimer(delayMs: number, expire: () => void): Timer
}

/** A running timer. */
export interface Timer {
  /** Stops it; harmless when it has fired already. */
  cancel(): void
  /** Whether the operating-system process stays alive for it. */
  keepAlive(keep: boolean): void
}
