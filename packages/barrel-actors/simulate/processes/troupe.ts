/** Brings players on stage: some at the start of every life of a node, and others later. */

import type { Node, Self, ServerPid } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { Echo, type EchoProtocol } from './echo.ts'
import type { Onlooker } from './onlooker.ts'
import { Player, type Received } from './player.ts'

const playersAtStart = 3

export class Troupe {
  readonly #world: World
  readonly #onlooker: Onlooker
  /** Of every life so far. */
  readonly servers: ServerPid<EchoProtocol>[] = []

  constructor(world: World, onlooker: Onlooker) {
    this.#world = world
    this.#onlooker = onlooker
  }

  /** Gives a node that has just started its server and players. */
  open(node: Node): void {
    const server = node.spawn(Echo)
    node.register('echo', server)
    this.servers.push(server)
    for (let count = 0; count < playersAtStart; count++) this.enter(node)
  }

  enter(node: Node): void {
    const trapsExits = this.#world.random.next() < 0.5
    node.spawn(async (self: Self<Received>) => {
      self.trapExit = trapsExits
      const player = new Player(node, self, trapsExits)
      this.#onlooker.entered(player)
      for await (const message of self) this.#onlooker.received(player, message)
    })
  }
}
