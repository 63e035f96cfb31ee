import type { SignalKind } from '../../signal.ts'

/** On the wire. Append only: a number, once released, keeps its meaning. */
export const signalKind = {
  send: 1,
  cast: 2,
  call: 3,
  reply: 4,
  link: 5,
  unlink: 6,
  monitor: 7,
  demonitor: 8,
  down: 9,
  exit: 10,
  unlinkAck: 11,
  aliasSend: 12,
  stop: 13,
} as const satisfies Record<SignalKind, number>

/** On the wire: added to the kind of a signal that has a target. None of them is for the life that the channel leads to. */
export const targetForm = {
  /** a text */
  name: 0x10,
  /** serial, creation */
  life: 0x20,
} as const
