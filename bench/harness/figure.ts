/** What a figure is: one number, measured for us and for each peer by the same rules. */

/** Measures once, in a fresh OS process. Null where the peer is not on this machine. */
export type Arm = () => Promise<number | null>

export type Better = 'higher' | 'lower'

export interface Figure {
  /** Area and what is measured, as in `local.send`: what prefixes on the command line select by. */
  readonly name: string
  readonly unit: string
  readonly better: Better
  /** The peer that the aim of the figure names: one of `peers`. */
  readonly peer: string
  readonly ours: Arm
  readonly peers: Readonly<Record<string, Arm>>
}

/** The arm called `ours`, or the peer of that name. */
export function armOf(figure: Figure, name: string): Arm {
  const arm = name === 'ours' ? figure.ours : figure.peers[name]
  if (arm === undefined) throw new Error(`The figure ${figure.name} has no arm "${name}".`)
  return arm
}
