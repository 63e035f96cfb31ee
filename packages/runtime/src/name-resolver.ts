import type { Pid } from './pid.ts'

/** Turns `{ via, name }` into a pid: what an extension adds under its own `via`. */
export interface NameResolver {
  /** The pid that holds the name now, or undefined. Must not wait: it answers from what it knows. */
  whereis(name: string): Pid | undefined
}
