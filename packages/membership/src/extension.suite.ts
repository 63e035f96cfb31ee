/** Whole nodes with membership, over the network of a simulation. */
import type { Node, NodeName, Self } from '@barrel-actors/runtime'
import { createSimulation, type SimulatedNodeOptions, type Simulation } from '@barrel-actors/simulation'
import { Membership, type MembershipApi, membership } from './extension.ts'
import type { MembershipOptions } from './options.ts'

export interface Told {
  readonly kind: string
  readonly event?: string
  readonly node?: NodeName
  readonly [field: string]: unknown
}

export class Group {
  readonly simulation: Simulation
  readonly nodes: Map<NodeName, Node> = new Map()
  readonly told: Map<NodeName, Told[]> = new Map()

  constructor(seed = 1) {
    this.simulation = createSimulation({ seed })
  }

  async start(name: NodeName, options: MembershipOptions = {}, more: Partial<SimulatedNodeOptions> = {}) {
    const node = await this.simulation.startNode({ ...more, name, extensions: [membership(options)] })
    this.nodes.set(name, node)
    const told: Told[] = []
    this.told.set(name, told)
    const pid = node.spawn(async (self: Self<Told>) => {
      for await (const message of self) told.push(message)
    })
    this.api(name).subscribe(pid)
    this.api(name).subscribeBroadcasts(pid, 'news')
    return node
  }

  /** So many nodes that begin from the first one. */
  async startAll(count: number, options: MembershipOptions = {}): Promise<NodeName[]> {
    const names = Array.from({ length: count }, (_, index) => `n${index}@test`)
    for (const name of names) await this.start(name, { contactNodes: [names[0] as NodeName], ...options })
    return names
  }

  kill(name: NodeName): void {
    this.simulation.kill(name)
    this.nodes.delete(name)
  }

  api(name: NodeName): MembershipApi {
    return (this.nodes.get(name) as Node).extension(Membership)
  }

  view(name: NodeName): NodeName[] {
    return this.api(name).activeView()
  }

  get names(): NodeName[] {
    return [...this.nodes.keys()]
  }

  /** Whether every link is held from both ends, and every node is reached from the first. */
  get isWhole(): boolean {
    const names = this.names
    const isSymmetric = names.every(name =>
      this.view(name).every(other => this.nodes.has(other) && this.view(other).includes(name)),
    )
    if (!isSymmetric) return false
    const reached = new Set(names.slice(0, 1))
    for (const name of reached) for (const other of this.view(name)) reached.add(other)
    return reached.size === names.length
  }

  async whole(withinMs = 300_000): Promise<void> {
    await this.simulation.eventually(() => this.isWhole, { withinMs })
  }

  broadcasts(name: NodeName): Told[] {
    return (this.told.get(name) as Told[]).filter(({ kind }) => kind === 'broadcast')
  }

  events(name: NodeName): Told[] {
    return (this.told.get(name) as Told[]).filter(({ kind }) => kind === 'membership')
  }
}

/** Runs with nodes of its own, which end with it. */
export async function withGroup(run: (group: Group) => Promise<void>): Promise<void> {
  const group = new Group()
  try {
    await run(group)
  } finally {
    await group.simulation[Symbol.asyncDispose]()
  }
}
