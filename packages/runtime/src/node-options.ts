/** The options of a node, and their defaults. */

import type { Clock } from './clock/clock.ts'
import { systemClock } from './clock/system-clock.ts'
import { type MessageBounds, messageBoundsOf } from './codec/bounds.ts'
import type { Disk } from './disk/disk.ts'
import { systemDisk } from './disk/system-disk.ts'
import type { Extension } from './extension.ts'
import { givenOptions } from './given-options.ts'
import { type Log, silentLog, undisturbing } from './log.ts'
import type { NodeName } from './node-name.ts'
import { type SchedulerOptions, schedulerDefaults } from './process/scheduler.ts'
import { type Entropy, type Random, systemEntropy, systemRandom } from './random.ts'
import { systemTurns, type Turns } from './turns.ts'
import { type WatchingOptions, watchingOptionsOf } from './watching/watching.ts'

/** Where a node takes time, chance, files and log lines from. Tests and simulation replace them. */
export interface NodeSeams {
  readonly clock: Clock
  readonly turns: Turns
  readonly random: Random
  readonly entropy: Entropy
  readonly disk: Disk
  readonly log: Log
  readonly scheduler: SchedulerOptions
  readonly watching: WatchingOptions
  readonly freezeMessages: boolean
  readonly messageBounds: MessageBounds
}

export interface NodeOptions {
  /** `name@host`; default `nonode@nohost`, a node that stays by itself. */
  readonly name?: NodeName
  /** What plugs in, in order: each after what it needs. Default none. */
  readonly extensions?: readonly Extension[]
  /** The folder for what the node keeps on disk. Without one it keeps nothing. */
  readonly dataDir?: string
  /**
   * Whether several OS processes may use the data folder at the same time: for tools, whose name is another one each
   * time. They start one after another. Default false: a second one is refused.
   */
  readonly shareDataDir?: boolean
  /** Where nodes can be reached, each as `name@host:port`. */
  readonly addresses?: readonly string[]
  /** Default: the machine's own time. */
  readonly clock?: Clock
  /** Default: microtasks, and `setImmediate` once a slice is used up. */
  readonly turns?: Turns
  readonly random?: Random
  readonly entropy?: Entropy
  readonly disk?: Disk
  /** Default: silent. */
  readonly log?: Log
  /** How the time of the OS process is shared out; see the fields for the defaults. */
  readonly scheduler?: Partial<SchedulerOptions>
  /** From when on system events tell; see the fields. Default 100 ms and 10,000 messages. */
  readonly watching?: Partial<WatchingOptions>
  /**
   * For development: freezes what processes of this node send each other, the plain objects and arrays in it, so that
   * changing it afterwards throws. Default false.
   */
  readonly freezeMessages?: boolean
  /**
   * Bounds on a message from another node; see the fields for the defaults. One that costs more is dropped and
   * counted. Where a bound is raised here, this node also sends what only such nodes take.
   */
  readonly messageBounds?: Partial<MessageBounds>
}

export function seamsOf(options: NodeOptions): NodeSeams {
  return {
    clock: options.clock ?? systemClock,
    turns: options.turns ?? systemTurns,
    random: options.random ?? systemRandom,
    entropy: options.entropy ?? systemEntropy,
    disk: options.disk ?? systemDisk,
    log: undisturbing(options.log ?? silentLog),
    scheduler: { ...schedulerDefaults, ...givenOptions(options.scheduler ?? {}) },
    watching: watchingOptionsOf(options.watching),
    freezeMessages: options.freezeMessages === true,
    messageBounds: messageBoundsOf(options.messageBounds),
  }
}
