import type { NodeName } from '../node-name.ts'
import type { Pid } from '../pid.ts'

/** Where pids that came over a channel find their way home. */
export interface PidSource {
  readonly name: NodeName
  readonly creation: number
  pidOf(node: NodeName, creation: number, serial: number): Pid
}
