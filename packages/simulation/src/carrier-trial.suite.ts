/** What the cases of the carrier suite work with: two nodes, and time that is virtual or real. */

import { GenServer, hasCode, type Node, type Pid, type Self } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'

/** Two started nodes with the carrier under test, `a@…` and `b@…`, that can reach each other and have not yet. */
export interface CarrierPair extends AsyncDisposable {
  readonly a: Node
  readonly b: Node
  /** Lets that much time pass: virtual, or real. */
  pass(ms: number): Promise<void>
  /** Breaks the channel between the two, so that both sides notice sooner or later, and leaves the way open again. */
  lose(): Promise<void>
  /** Ends b, with or without a goodbye, and starts it again under its name, in its next life. */
  restartB(): Promise<Node>
  /** Within this much time everything under way has arrived. Default 50. */
  readonly quietMs?: number
  /** Within this much time, a lost channel is noticed and any promise has settled. Default 20,000. */
  readonly patienceMs?: number
}

export type MakePair = () => Promise<CarrierPair>

/** A process that notes what it receives. */
export interface Notes {
  readonly pid: Pid
  readonly messages: unknown[]
}

/** Replies with what it is called with. */
export class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

export class Trial {
  readonly #pair: CarrierPair
  readonly a: Node
  b: Node

  constructor(pair: CarrierPair) {
    this.#pair = pair
    this.a = pair.a
    this.b = pair.b
  }

  /** Starts a process that notes what it receives; with `trapExit`, exits too. */
  notes(node: Node, { trapExit = false } = {}): Notes {
    const messages: unknown[] = []
    const pid = node.spawn(async (self: Self) => {
      self.trapExit = trapExit
      for await (const message of self) messages.push(message)
    })
    return { pid, messages }
  }

  /** Lets time pass until the promise has settled, and gives what it gives. */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    const settling = promise.then(settled, settled)
    await this.#passUntil(() => isSettled, settling, 'a promise settles')
    return promise
  }

  /** Lets time pass until the predicate holds; `what` says what for, in the failure. */
  async eventually(what: string, predicate: () => boolean): Promise<void> {
    await this.#passUntil(predicate, undefined, what)
  }

  /** Lets time pass until so many messages have come. */
  async received(notes: Notes, count: number): Promise<unknown[]> {
    await this.eventually(`${count} messages have come`, () => notes.messages.length >= count)
    return notes.messages
  }

  /** Lets a little time pass: what is sent after it does not go with what was sent before. */
  async pass(ms: number): Promise<void> {
    await this.#pair.pass(ms)
  }

  /** Lets everything under way arrive: for what must not happen. */
  async quiet(): Promise<void> {
    await this.#pair.pass(this.#pair.quietMs ?? 50)
  }

  /** The error that a promise rejects with; it must have that code. */
  async rejection(
    promise: Promise<unknown>,
    code: string,
  ): Promise<{ readonly fields: Readonly<Record<string, unknown>> }> {
    const error = await this.until(
      promise.then(
        () => undefined,
        error => error,
      ),
    )
    if (!hasCode(error, code)) expect(error).toMatchObject({ code })
    return error
  }

  /** Opens the channel. */
  async connect(): Promise<void> {
    await this.until(this.a.connect(this.b.name))
    await this.eventually('b knows the channel', () => this.b.nodes().includes(this.a.name))
  }

  async lose(): Promise<void> {
    await this.#pair.lose()
  }

  async restartB(): Promise<void> {
    this.b = await this.#pair.restartB()
  }

  async #passUntil(holds: () => boolean, settling: Promise<void> | undefined, what: string): Promise<void> {
    const stepMs = 2
    for (let passedMs = 0; !holds(); passedMs += stepMs) {
      if (passedMs > (this.#pair.patienceMs ?? 20_000)) throw new Error(`${passedMs} ms passed and not yet: ${what}`)
      const passed = this.#pair.pass(stepMs)
      await (settling === undefined ? passed : Promise.race([settling, passed]))
    }
  }
}

/** A case of the suite, with a fresh pair. */
export function trial(title: string, makePair: MakePair, run: (trial: Trial) => Promise<void>): void {
  test(title, async () => {
    await using pair = await makePair()
    await run(new Trial(pair))
  })
}
