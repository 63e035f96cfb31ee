/** What `receive` waits for: a predicate, or a shape that the message must have. */

import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import { Pid } from '../pid.ts'
import { Ref } from '../ref.ts'

/**
 * Fields that a message must have, with these values. Nested plain objects are shapes too; pids, refs and dates
 * are equal by value.
 */
export type Shape = { readonly [field: string]: unknown }

export type Pattern<Message> = ((message: Message) => boolean) | Shape

export function matches(pattern: Pattern<never>, message: unknown): boolean {
  return typeof pattern === 'function' ? pattern(message as never) : hasShape(message, pattern)
}

/** @throws E_OPTION_INVALID */
export function checkPattern(pattern: unknown): void {
  if (pattern === undefined || typeof pattern === 'function' || isPlain(pattern)) return
  const problem = `${describe(pattern)} is neither a function nor a plain object`
  throw runtimeError('E_OPTION_INVALID', { option: 'pattern', problem })
}

/** The ref that a message must hold to fit, where the pattern says so at once. */
export function refOf(pattern: Pattern<never>): Ref | undefined {
  if (typeof pattern === 'function') return undefined
  for (const field of Object.keys(pattern)) {
    const value = pattern[field]
    if (value instanceof Ref) return value
  }
  return undefined
}

function hasShape(value: unknown, shape: Shape): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const field of Object.keys(shape)) {
    if (!fits((value as Shape)[field], shape[field])) return false
  }
  return true
}

function isPlain(value: unknown): value is Shape {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function fits(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof Pid || wanted instanceof Ref) return wanted.equals(value)
  if (wanted instanceof Date) return value instanceof Date && value.getTime() === wanted.getTime()
  if (isPlain(wanted)) return hasShape(value, wanted)
  return Object.is(value, wanted)
}
