/** What `receive` waits for: a predicate, or a shape that the message must have. */

import { Pid } from '../pid.ts'
import { Ref } from '../ref.ts'

/** Fields that a message must have, with these values; nested objects are shapes too, pids and refs are equal by value. */
export type Shape = { readonly [field: string]: unknown }

export type Pattern<Message> = ((message: Message) => boolean) | Shape

export function matches(pattern: Pattern<never>, message: unknown): boolean {
  return typeof pattern === 'function' ? pattern(message as never) : hasShape(message, pattern)
}

function hasShape(value: unknown, shape: Shape): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const field of Object.keys(shape)) {
    if (!fits((value as Shape)[field], shape[field])) return false
  }
  return true
}

function fits(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof Pid || wanted instanceof Ref) return wanted.equals(value)
  if (typeof wanted === 'object' && wanted !== null) return hasShape(value, wanted as Shape)
  return Object.is(value, wanted)
}
