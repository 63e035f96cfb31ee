/** Runs what an arm measures as a process of the runtime: sends then come from inside, as an application's do. */

import type { Node, Self } from '@barrel-actors/runtime'

/** What `work` returns, or its error. */
export function inProcess<Value>(node: Node, work: (self: Self) => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    node.spawn((self: Self) => work(self).then(resolve, reject))
  })
}
