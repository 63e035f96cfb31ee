/** The story of the demo, step by step. Each step checks what it claims, and can be broken on purpose. */
import { join } from 'node:path'
import { newClusterKey } from 'barrel-actors'
import type { Step } from './run-steps.ts'
import { Actor, type Started } from './stage.ts'

const nameA = 'a@127.0.0.1'
const nameB = 'b@127.0.0.1'
const nameC = 'c@127.0.0.1'

/**
 * The steps, over three OS processes that start with the first. `folder` holds what the nodes keep on disk;
 * `broken` names the step that is to be broken on purpose.
 */
export function createSteps(
  folder: string,
  broken: string | undefined,
): {
  readonly steps: readonly Step[]
  cleanUp(): void
} {
  const story = new Story(folder, broken)
  const steps: Step[] = [
    {
      name: 'start',
      says: 'The nodes start, each with a key of its own, and with the key of their cluster.',
      run: () => story.start(),
    },
    { name: 'call-by-name', says: 'b calls the counter on a by its name.', run: () => story.callByName() },
    { name: 'call-by-pid', says: 'b asks for its pid, and calls by that.', run: () => story.callByPid() },
    { name: 'monitor', says: 'b monitors the counter.', run: () => story.monitor() },
    { name: 'link', says: 'c links a process of its own to the counter.', run: () => story.link() },
    { name: 'kill', says: 'a is killed with SIGKILL: no goodbye.', run: () => story.kill() },
    { name: 'down', says: "b's monitor tells of it, once a has been silent for long enough.", run: () => story.down() },
    { name: 'linked-end', says: "c's process, being linked, ends too.", run: () => story.linkedEnd() },
    { name: 'return', says: 'a comes back: same name, same key, a later life.', run: () => story.comeBack() },
    { name: 'old-pid', says: 'b calls the pid from before.', run: () => story.oldPid() },
    { name: 'stop', says: 'All three stop.', run: () => story.stop() },
  ]
  return { steps, cleanUp: () => story.killAll() }
}

class Story {
  readonly #folder: string
  readonly #broken: string | undefined
  readonly #actors = new Map<string, Actor>()
  readonly #clusterKey = newClusterKey()
  #a: Started | undefined

  constructor(folder: string, broken: string | undefined) {
    this.#folder = folder
    this.#broken = broken
  }

  async start(): Promise<string[]> {
    this.#a = await this.#startNode(nameA, './node-a.js', 'a')
    // Only a's address is told: c, for one, is found by its own call.
    const others = [
      await this.#startNode(nameB, './node-b.js', 'b'),
      await this.#startNode(this.#breaks('start') ? 'no valid name' : nameC, './node-c.js', 'c'),
    ]
    return [this.#a, ...others].map(
      ({ name, port, fingerprint }) => `${name}  port ${port}  fingerprint ${fingerprint.slice(0, 19)}…`,
    )
  }

  async callByName(): Promise<string[]> {
    const name = this.#breaks('call-by-name') ? 'no-such-name' : 'counter'
    const count = await this.#b.ask('callByName', { name, node: nameA, add: 2 })
    expect('the count', count, 2)
    return [`call({ name: 'counter', node: '${nameA}' }, { add: 2 })  ->  ${count}`]
  }

  async callByPid(): Promise<string[]> {
    const { pid, count } = await this.#b.ask<{ pid: string; count: number }>('callByPid', {
      node: nameA,
      add: this.#breaks('call-by-pid') ? 30 : 3,
    })
    expect('the count', count, 5)
    return [`call(${pid}, { add: 3 })  ->  ${count}`]
  }

  async monitor(): Promise<string[]> {
    await this.#b.ask('watch', { name: this.#breaks('monitor') ? 'no-such-name' : 'counter', node: nameA })
    return [`monitor({ name: 'counter', node: '${nameA}' })  ->  a down will come when it ends`]
  }

  async link(): Promise<string[]> {
    const pid = await this.#c.ask<string>('link', {
      name: this.#breaks('link') ? 'no-such-name' : 'counter',
      node: nameA,
    })
    return [`${pid} on c lives and dies with the counter`]
  }

  async kill(): Promise<string[]> {
    const a = this.#actor(nameA)
    // Two later steps are broken here: nobody may be watching when a dies.
    if (this.#breaks('down')) await this.#b.ask('unwatch')
    if (this.#breaks('linked-end')) await this.#c.ask('unlink')
    if (!this.#breaks('kill')) a.kill()
    expect('how a ended', await a.ended(), 'SIGKILL')
    return [`OS process ${a.pid} is gone`]
  }

  async down(): Promise<string[]> {
    const reason = await this.#b.ask('awaitDown', { withinMs: 14_000 })
    expect("the down's reason", reason, 'noconnection')
    return [`{ kind: 'down', reason: '${reason}' }`]
  }

  async linkedEnd(): Promise<string[]> {
    const reason = await this.#c.ask('awaitEnd', { withinMs: 14_000 })
    expect('why it ended', reason, 'noconnection')
    return [`its exit reason: '${reason}'`]
  }

  async comeBack(): Promise<string[]> {
    const before = this.#a as Started
    const after = await this.#startNode(nameA, './node-a.js', this.#breaks('return') ? 'another-key' : 'a', before.port)
    expect('its key', after.fingerprint, before.fingerprint)
    expect('whether the creation grew', after.creation > before.creation, true)
    const count = await this.#b.ask('callByName', { name: 'counter', node: nameA, add: 0 })
    expect('the count of the new counter', count, 0)
    return [`creation ${before.creation} -> ${after.creation}; the new counter stands at ${count}`]
  }

  async oldPid(): Promise<string[]> {
    const outcome = await this.#b.ask('callOldPid', { useNewPid: this.#breaks('old-pid'), node: nameA })
    expect('what came of the call', outcome, 'E_CALL_EXIT, noproc')
    const count = await this.#b.ask('callByName', { name: 'counter', node: nameA, add: 0 })
    expect('the count of the new counter', count, 0)
    return [`nobody is there (${outcome}): a pid never reaches a process of a later life`]
  }

  async stop(): Promise<string[]> {
    const actors = [...this.#actors.values()]
    if (this.#breaks('stop')) actors[0]?.kill()
    await Promise.all(actors.map(actor => actor.ask('stop')))
    for (const actor of actors) expect('how a node ended', await actor.ended(), 0)
    return []
  }

  killAll(): void {
    for (const actor of this.#actors.values()) actor.kill()
  }

  async #startNode(name: string, script: string, data: string, port = 0): Promise<Started> {
    const actor = new Actor(script)
    this.#actors.set(name, actor)
    const addresses = this.#a === undefined ? [] : [`${nameA}:${this.#a.port}`]
    const dataDir = join(this.#folder, data)
    return actor.ask<Started>('start', { name, port, dataDir, addresses, clusterKey: this.#clusterKey })
  }

  #breaks(step: string): boolean {
    return this.#broken === step
  }

  get #b(): Actor {
    return this.#actor(nameB)
  }

  get #c(): Actor {
    return this.#actor(nameC)
  }

  #actor(name: string): Actor {
    return this.#actors.get(name) as Actor
  }
}

function expect(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what} should be ${String(wanted)} and is ${String(found)}`)
}
