/** What a dead process awaits: its code goes no further and is collected. */
export function never<Value>(): Promise<Value> {
  return new Promise<Value>(() => {})
}
