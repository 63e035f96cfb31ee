import { createSimulation } from '@barrel-actors/simulation'
import { rpc } from '../default-node.ts'

/** Two nodes; `a` calls, `b` serves. */
export async function two() {
  const simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  const from = rpc.as(a)
  const call = (name: string, args?: readonly unknown[], options?: { timeoutMs?: number; signal?: AbortSignal }) =>
    simulation.until(from.call('b@sim', name, args, options))
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      error => error.code,
    )
  return { simulation, a, b, from, call, code, [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose]() }
}

export const hangs = () => new Promise<never>(() => {})
