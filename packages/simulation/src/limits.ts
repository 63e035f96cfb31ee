/** Every bound of the simulation. */
export const limits = {
  /** Turns and timers at one virtual time, until it is called a livelock: a busy cluster of 1,000 nodes needs a tenth. */
  instantTurnsMax: 100_000,
  /** Lines of the trace that a failure shows. */
  failureLinesMax: 40,
  /** Lines of the trace that are kept; the oldest go first. About 10 MB. */
  traceLinesMax: 100_000,
} as const
