/**
 * How the demo talks to its three operating-system processes: it asks one to do something and waits for what
 * came of it. Nothing of this is needed to use Barrel Actors.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { defaultNode, Quic, startNode } from 'barrel-actors'

export interface StartOptions {
  readonly name: string
  readonly dataDir: string
  readonly port: number
  readonly addresses: readonly string[]
  /** The text of its file: who has it can be a node of this cluster, and nobody else can. */
  readonly clusterKey: string
}

/** What a node says of itself once it runs. */
export interface Started {
  readonly name: string
  readonly creation: number
  readonly port: number
  readonly fingerprint: string
}

// What is asked and answered crosses between two OS processes of one program: its shape is known to both.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Deeds = Record<string, (arg: any) => unknown>

/** In a node's OS process: does what the demo asks. */
export function answer(deeds: Deeds): void {
  process.on('message', async ({ deed, arg }: { deed: string; arg: unknown }) => {
    try {
      process.send?.({ value: await deeds[deed]?.(arg) })
    } catch (error) {
      process.send?.({ problem: (error as Error).message })
    }
  })
  // The demo ended without a goodbye: so do its nodes.
  process.on('disconnect', () => process.exit(1))
}

/** The deeds of every node: to start on loopback, and to stop. */
export const startAndStop = {
  start: async ({ name, dataDir, port, addresses, clusterKey }: StartOptions): Promise<Started> => {
    const quic = { listenPort: port, clusterKey: Buffer.from(clusterKey) }
    const node = await startNode({ name, dataDir, addresses, quic })
    const { address, fingerprint } = node.extension(Quic)
    return { name, creation: node.creation, port: address.port, fingerprint }
  },

  stop: async (): Promise<void> => {
    await defaultNode().stop()
    setImmediate(() => process.exit(0))
  },
}

/** One of the three OS processes, as the demo sees it. */
export class Actor {
  readonly #process: ChildProcess

  constructor(script: string) {
    this.#process = fork(new URL(script, import.meta.url))
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** Asks for a deed. */
  async ask<Result>(deed: string, arg?: unknown): Promise<Result> {
    this.#process.send({ deed, arg })
    const [reply] = await Promise.race([once(this.#process, 'message'), this.#gone()])
    if (reply.problem !== undefined) throw new Error(reply.problem)
    return reply.value
  }

  /** Ends it as a power cut would. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** How it ended: an exit code or a signal. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return exitCode ?? (signalCode as NodeJS.Signals)
    const [code, signal] = await once(this.#process, 'exit')
    return code ?? signal
  }

  async #gone(): Promise<never> {
    throw new Error(`its OS process ended: ${await this.ended()}`)
  }
}
