/** Promises and what behaves like one, such as the query builders of database libraries. */

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** What a dead process awaits: its code goes no further and is collected. */
export function never<Value>(): Promise<Value> {
  return new Promise<Value>(() => {})
}
