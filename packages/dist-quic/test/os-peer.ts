/** A peer of a test that is an OS process of its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { NodeName } from '@barrel-actors/runtime'
import type { QuicOptions } from '../src/index.ts'

const program = fileURLToPath(new URL('os-peer.mjs', import.meta.url))
const running: OSPeer[] = []

export class OSPeer {
  readonly name: NodeName
  readonly port: number
  readonly #child: ChildProcess

  static async start(name: NodeName, options: QuicOptions = {}): Promise<OSPeer> {
    const child = fork(program, [name, JSON.stringify(options)], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] })
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the peer ended with ${code}`)))
    const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
    ended.catch(() => {})
    const peer = new OSPeer(name, port, child)
    running.push(peer)
    return peer
  }

  private constructor(name: NodeName, port: number, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#child = child
  }

  get address(): string {
    return `${this.name}:${this.port}`
  }

  /** Has its `sink` take what waits for it, and what comes. */
  take(): void {
    this.#child.send('take')
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** After each test. */
export async function killOSPeers(): Promise<void> {
  await Promise.all(running.splice(0).map(peer => peer.kill()))
}
