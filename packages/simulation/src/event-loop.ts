/**
 * The one touch of the real event loop: a macrotask, before which every promise continuation that is ready has run.
 * It changes no outcome, since nothing in a simulation waits for the outside.
 */
export function drainPromises(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
