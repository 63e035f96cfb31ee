import type { NodeName } from '../node-name.ts'
import type { Pid } from '../pid.ts'

/** Makes pids out of what came over a channel. */
export interface PidSource {
  readonly name: NodeName
  readonly creation: number
  pidOf(node: NodeName, creation: number, serial: number): Pid
}
