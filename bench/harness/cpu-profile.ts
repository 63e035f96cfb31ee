/** Sums up a .cpuprofile: in which functions the time went, not counting what they called. */

import { fileURLToPath } from 'node:url'

/** As V8 writes it; the parts that are read here. Line numbers count from 0. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const startUp = /^node:internal\/(modules|bootstrap|main|deps\/cjs-module-lexer|process\/pre_execution)\b/

export interface SelfTime {
  readonly name: string
  readonly ms: number
  readonly share: number
}

/**
 * The functions with the most self time, the slowest first. Shares are of the time that was neither idle nor spent
 * on loading modules: an arm runs for seconds, a node for weeks.
 */
export function topSelfTimes(profile: CpuProfile, count: number): SelfTime[] {
  const starting = startUpNodes(profile)
  const names = new Map(profile.nodes.map(node => [node.id, nameOf(node.callFrame)]))
  const msOf = new Map<string, number>()
  profile.samples.forEach((id, index) => {
    const name = names.get(id)
    if (name === undefined || name === '(idle)' || starting.has(id)) return
    msOf.set(name, (msOf.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1_000)
  })
  const totalMs = [...msOf.values()].reduce((sum, ms) => sum + ms, 0)
  const sorted = [...msOf].sort(([, a], [, b]) => b - a).slice(0, count)
  return sorted.map(([name, ms]) => ({ name, ms, share: ms / totalMs }))
}

/** Node's module loader and all that it called. */
function startUpNodes({ nodes }: CpuProfile): Set<number> {
  const starting = new Set(nodes.filter(({ callFrame }) => startUp.test(callFrame.url)).map(({ id }) => id))
  // V8 lists a parent before its children.
  for (const { id, children = [] } of nodes) if (starting.has(id)) for (const child of children) starting.add(child)
  return starting
}

export function selfTimeLines(selfTimes: readonly SelfTime[]): string {
  return selfTimes
    .map(({ name, ms, share }) => `${(share * 100).toFixed(1).padStart(5)} % ${ms.toFixed(0).padStart(6)} ms  ${name}`)
    .join('\n')
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} ${placeOf(url)}:${lineNumber + 1}`
}

/** From the last folder that says whose it is: `runtime/dist/process/scheduler.js`, `msgpackr/pack.js`. */
function placeOf(url: string): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  return path.replace(/^.*\/(node_modules|packages)\//, '').replace(/^.*\/(bench\/dist\/)/, '$1')
}
