import type { Pid } from '../pid.ts'

/**
 * Names by `{ via, name }`: what an extension adds under its own `via`; `{ global: name }` is via `global`. It answers
 * from what its node knows, at once and without throwing: agreement between nodes is its own affair.
 */
export interface NameResolver {
  /** The pid that holds the name now, or undefined. */
  whereis(name: string): Pid | undefined
  /** Gives a process of this node the name; whether it has it now. Without this method names are read only. */
  register?(name: string, pid: Pid): boolean
  /** The name is given up, or its process has ended: nobody has learnt of that yet. */
  unregister?(name: string, pid: Pid): void
}
